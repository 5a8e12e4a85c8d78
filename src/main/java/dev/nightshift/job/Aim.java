package dev.nightshift.job;

import dev.nightshift.finding.Subject;
import dev.nightshift.kernel.ProjectId;
import java.util.Locale;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What a target works on.
 *
 * @param instance null where it is the project itself
 * @param database null where it is the whole instance, or the project
 */
record Aim(
        ProjectId project,
        @Nullable UUID instance,
        @Nullable UUID database) {
    UUID id() {
        if (database != null) {
            return database;
        }
        return instance == null ? project.value() : instance;
    }

    Subject.Kind kind() {
        if (database != null) {
            return Subject.Kind.DATABASE;
        }
        return instance == null ? Subject.Kind.PROJECT : Subject.Kind.INSTANCE;
    }

    /** The name of its lock, for one kind of work. */
    String resource(String kindOfWork) {
        return kind().name().toLowerCase(Locale.ROOT) + ":" + id() + ":" + kindOfWork;
    }
}
