package dev.nightshift.testing;

import jakarta.json.JsonObject;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;

/** A project's schedules, over REST. */
public record TestSchedules(Nightshift nightshift, TestProject project) {
    private static final Duration FIRE = Duration.ofMinutes(5);

    /** By their names. */
    public Map<String, JsonObject> all() {
        return project.api().get(project.path("schedules")).expect(200).items().stream()
                .collect(Collectors.toMap(each -> each.getString("name"), Function.identity()));
    }

    public JsonObject named(String name) {
        return Objects.requireNonNull(all().get(name), name);
    }

    /** The run, when it has ended, of a schedule that nobody was there to fire before. */
    public JsonObject fired(String name) throws SQLException {
        UUID id = UUID.fromString(named(name).getString("id"));
        nightshift
                .repository()
                .execute("update job.schedule set next_fire = next_fire - interval '2 hours' where id = '" + id + "'");
        String run = Eventually.get(
                "the fire of " + name,
                FIRE,
                () -> Optional.ofNullable(all().get(name))
                        .map(each -> each.get("lastRun"))
                        .filter(JsonObject.class::isInstance)
                        .map(last -> last.asJsonObject().getString("id")));
        return project.ended(run, Duration.ofMinutes(4));
    }
}
