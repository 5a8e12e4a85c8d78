package dev.nightshift.fleet;

import dev.nightshift.kernel.ProjectId;
import java.util.Collection;
import java.util.Map;
import java.util.UUID;

/**
 * What a feature adds to a database where it is shown: backup its newest backup with the proof. Implemented by beans of
 * the features, which the fleet does not know.
 */
public interface DatabaseFacts {
    /** The field it is shown as: {@code backup}. */
    String field();

    /** By the databases' ids, as records that JSON-B writes; those without anything to add are left out. */
    Map<UUID, ?> of(ProjectId project, Collection<Database> databases);
}
