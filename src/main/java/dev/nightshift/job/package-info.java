/**
 * Jobs and their runs. The ledger of runs, attempts, targets, steps and log lines is what people see; the batch runtime
 * executes, but nothing is decided from its repository. Features write against {@code Job}, {@code TargetBatchlet} and
 * {@code TargetRun}, never against the batch runtime.
 */
@NullMarked
package dev.nightshift.job;

import org.jspecify.annotations.NullMarked;
