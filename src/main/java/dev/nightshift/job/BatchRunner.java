package dev.nightshift.job;

import jakarta.annotation.security.PermitAll;
import jakarta.annotation.security.RunAs;
import jakarta.ejb.EJB;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;

/** Calls the batch runtime as the one user whom it admits; the identity applies to this bean's outgoing calls. */
@Stateless
@PermitAll
@RunAs("batch")
public class BatchRunner {
    @EJB
    @SuppressWarnings("NullAway.Init")
    private BatchCaller caller;

    /**
     * Starts the batch job of an attempt; answers at once.
     *
     * @param spread whether its targets go to the queue that all nodes take from
     * @return the runtime's number of the execution
     */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public long start(String job, String attempt, boolean spread) {
        return caller.start(job, attempt, spread);
    }

    /** Ends a batch job that waits for what does not come. It may have ended by itself. */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public void stop(long execution) {
        caller.stop(execution);
    }
}
