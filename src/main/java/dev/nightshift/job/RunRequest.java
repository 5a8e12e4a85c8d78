package dev.nightshift.job;

import jakarta.json.JsonObject;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A run that somebody or something asks for.
 *
 * @param databases names of databases of the project; {@code tag:} and a tag for those that carry it; {@code ["*"]} for all of
 *     them; none for a job of the whole project
 * @param schedule the schedule that fired, with {@code fireAt} as the time that it fired for
 */
public record RunRequest(
        String job,
        List<String> databases,
        JsonObject parameters,
        Trigger trigger,
        String by,
        @Nullable UUID schedule,
        @Nullable Instant fireAt) {

    /** Who or what asked. */
    public enum Trigger {
        PERSON,
        KEY,
        SCHEDULE,
        /** Nightshift itself at its start, for the demo's first night. */
        START,
        /** Nightshift itself, because something of the project is older than its retention. */
        RETENTION
    }

    /** Before a tag, in the place of a database's name; no name holds a colon. */
    public static final String TAG = "tag:";

    /** The most databases one request may name. */
    public static final int MAX_DATABASES = 1000;
}
