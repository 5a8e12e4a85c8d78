package dev.nightshift.fleet;

import dev.nightshift.kernel.ProjectId;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A feature's say before a project, an instance or a database is deleted: backup objects while it holds backups, job
 * while something runs. Implemented by beans of the features, which the fleet does not know.
 */
public interface DeletionGuard {
    /**
     * Asked within the deletion's transaction of the project.
     *
     * @param instance the instance, or the one of the database
     * @param database null if the whole instance is to be deleted
     * @return why not, in a sentence with what to do; empty if there is nothing against it
     */
    default Optional<String> objection(Instance instance, @Nullable Database database) {
        return Optional.empty();
    }

    /**
     * Asked within the deletion's transaction of the project, after each of its instances.
     *
     * @return why not, in a sentence with what to do; empty if there is nothing against it
     */
    default Optional<String> objection(ProjectId project) {
        return Optional.empty();
    }
}
