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

    /** Starts the batch job of an attempt; answers at once. */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public void start(String job, String attempt) {
        caller.start(job, attempt);
    }
}
