package dev.nightshift.fleet;

import dev.nightshift.kernel.ProjectId;
import java.util.UUID;

/**
 * An instance or a database was deleted. Fired synchronously within the deletion's transaction, for the packages that the
 * fleet does not know: nothing more will come of what they hold about it.
 *
 * @param id of the instance or database
 */
public record Deletion(ProjectId project, UUID id) {}
