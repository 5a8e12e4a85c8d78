package dev.nightshift.console;

import dev.nightshift.kernel.ProjectId;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.StringReader;
import java.util.List;
import java.util.Optional;
import java.util.UUID;

/**
 * Something of a project changed.
 *
 * @param message what its pages are told: the kind and ids, nothing of the content
 */
record Change(ProjectId project, String message) {
    /** The first message of every connection, and again whenever some may have been missed: fetch everything. */
    static final String HELLO = "{\"kind\":\"hello\"}";

    /** The repository does not answer this node: the page looks for itself how things are. */
    static final String AWAY = "{\"kind\":\"away\"}";

    private static final List<String> TOLD = List.of("kind", "id", "run");

    /** Empty for a payload that is not ours. */
    static Optional<Change> parse(String payload) {
        try (var reader = Json.createReader(new StringReader(payload))) {
            JsonObject json = reader.readObject();
            ProjectId project = new ProjectId(UUID.fromString(json.getString("project")));
            JsonObjectBuilder message = Json.createObjectBuilder();
            for (String key : TOLD) {
                if (json.containsKey(key)) {
                    message.add(key, json.getString(key));
                }
            }
            return Optional.of(new Change(project, message.build().toString()));
        } catch (JsonException | NullPointerException | ClassCastException | IllegalArgumentException notOurs) {
            return Optional.empty();
        }
    }
}
