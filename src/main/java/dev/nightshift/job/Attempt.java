package dev.nightshift.job;

import dev.nightshift.kernel.ProjectId;
import java.util.UUID;

/**
 * One try at a run by one node.
 *
 * @param number 1 for the first try
 * @param fence grows with every claim; a ledger write under an older one is refused, so that a node that was declared
 *     dead and wakes up changes nothing
 */
record Attempt(ProjectId project, UUID run, UUID id, int number, long fence, String job, Parameters parameters) {}
