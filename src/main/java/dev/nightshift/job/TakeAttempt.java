package dev.nightshift.job;

import jakarta.batch.api.AbstractBatchlet;
import jakarta.batch.api.BatchProperty;
import jakarta.batch.runtime.context.JobContext;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import java.util.UUID;

/**
 * First step of every job: makes the attempt this execution's own by a conditional update. An execution that finds it
 * taken, or its run gone on without it, ends without touching anything.
 */
@Named("takeAttempt")
@Dependent
public class TakeAttempt extends AbstractBatchlet {
    @Inject
    @BatchProperty(name = "attempt")
    private String attemptId;

    @Inject
    private JobContext job;

    @Inject
    private Ledger ledger;

    @Inject
    private TargetLedger targets;

    @Override
    public String process() {
        Attempt attempt = ledger.attempt(UUID.fromString(attemptId)).orElse(null);
        if (attempt == null || !ledger.take(attempt)) {
            return "GONE";
        }
        job.setTransientUserData(attempt);
        // The batch runtime does not take a plan of no partitions.
        return targets.unfinished(attempt).isEmpty() ? "GONE" : "TAKEN";
    }
}
