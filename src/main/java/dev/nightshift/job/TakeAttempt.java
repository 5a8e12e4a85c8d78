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
    private Ledger ledger;

    @Inject
    private TargetLedger targets;

    @Inject
    private LocalTargets local;

    @Inject
    private JobContext context;

    @Override
    public String process() {
        UUID id = UUID.fromString(attemptId);
        if (!local.takes(id, context.getInstanceId())) {
            return "GONE";
        }
        Attempt attempt =
                Patience.whenRepositoryAnswers(() -> ledger.attempt(id)).orElse(null);
        if (attempt == null || !take(attempt)) {
            return "GONE";
        }
        // The batch runtime does not take a plan of no partitions.
        return Patience.whenRepositoryAnswers(() -> targets.unfinished(attempt)).isEmpty() ? "GONE" : "TAKEN";
    }

    private boolean take(Attempt attempt) {
        return Patience.whenRepositoryAnswers(() -> ledger.take(attempt));
    }
}
