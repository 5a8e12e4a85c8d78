package dev.nightshift.testing;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.List;

/** The archiving of a server's log, over REST: pieces of the shortest time that is allowed, so that nobody waits long. */
public record LogArchiving(TestProject project, String instance) {
    private static final Duration SOON = Duration.ofMinutes(2);
    private static final int PIECE_SECONDS = 5;

    /** Switches it on, and waits until the log streams. */
    public void begin() {
        change(true);
        awaitStreaming();
    }

    public void awaitStreaming() {
        await("STREAMING");
    }

    /** Switches it off, and waits until it is. */
    public void end() {
        change(false);
        await("OFF");
    }

    private void change(boolean enabled) {
        project.api()
                .put(
                        path(),
                        Json.createObjectBuilder()
                                .add("enabled", enabled)
                                .add("pieceSeconds", PIECE_SECONDS)
                                .build())
                .expect(200);
    }

    private void await(String state) {
        Eventually.isTrue(
                state + " of " + instance, SOON, () -> now().getString("state").equals(state));
    }

    /** What is known of it. */
    public JsonObject now() {
        return project.api().get(path()).expect(200).object();
    }

    /** Below the store's root. */
    public String location() {
        return now().getString("location");
    }

    /** Its stretches, the newest first. */
    public List<JsonObject> stretches() {
        return now().getJsonArray("stretches").getValuesAs(JsonObject.class);
    }

    /** Waits until all that was committed before now is known to be stored. */
    public void awaitCovered() {
        Instant now = Instant.now();
        Eventually.isTrue("the log up to " + now, SOON, () -> {
            List<JsonObject> stretches = stretches();
            return !stretches.isEmpty()
                    && !stretches.get(0).isNull("coveredTo")
                    && Instant.parse(stretches.get(0).getString("coveredTo")).isAfter(now);
        });
    }

    private String path() {
        return project.path("instances/" + instance + "/wal");
    }
}
