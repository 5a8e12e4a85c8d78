package dev.nightshift.job;

import jakarta.batch.api.BatchProperty;
import jakarta.batch.api.listener.AbstractJobListener;
import jakarta.batch.runtime.context.JobContext;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import java.util.UUID;

/** Ends the run in the ledger when its batch job ends, however it ends. */
@Named("attemptEnd")
@Dependent
public class AttemptEnd extends AbstractJobListener {
    /** Why a target was not begun. */
    static final String UNTOUCHED =
            "The batch runtime ended the job before this target began; the server's log says why.";

    @Inject
    @BatchProperty(name = "attempt")
    private String attemptId;

    @Inject
    private Ledger ledger;

    @Inject
    private LocalTargets local;

    @Inject
    private SpreadAttempts spread;

    @Inject
    private JobContext context;

    @Override
    public void afterJob() {
        if (local.handedOver()) {
            return;
        }
        UUID id = UUID.fromString(attemptId);
        // What this process started is its own to end, even where the answer to the taking was lost on the way.
        Attempt attempt = local.attempt(id).orElse(null);
        if (attempt == null || !local.takes(id, context.getInstanceId())) {
            return;
        }
        if (spread.has(id)) {
            spread.jobEnded(id);
            return;
        }
        try {
            Patience.untilRepositoryAnswers(() -> ledger.end(attempt, UNTOUCHED));
        } finally {
            local.ended(id);
        }
    }
}
