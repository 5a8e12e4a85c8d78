package dev.nightshift.job;

import jakarta.annotation.security.RolesAllowed;
import jakarta.batch.runtime.BatchRuntime;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import java.util.Properties;

/** The only user of the batch runtime's operator. */
@Stateless
@RolesAllowed("batch")
public class BatchCaller {
    /** The attempt's id is the batch job's only parameter: everything else is in the ledger. */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public void start(String job, String attempt) {
        var parameters = new Properties();
        parameters.setProperty("attempt", attempt);
        BatchRuntime.getJobOperator().start(job, parameters);
    }
}
