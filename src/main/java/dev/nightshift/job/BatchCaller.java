package dev.nightshift.job;

import jakarta.annotation.security.RolesAllowed;
import jakarta.batch.operations.JobExecutionNotRunningException;
import jakarta.batch.runtime.BatchRuntime;
import jakarta.ejb.Stateless;
import jakarta.ejb.TransactionAttribute;
import jakarta.ejb.TransactionAttributeType;
import java.util.Properties;

/** The only user of the batch runtime's operator. */
@Stateless
@RolesAllowed("batch")
public class BatchCaller {
    /**
     * The attempt's id, and whether its targets go to the queue, are the batch job's only parameters: everything else is in
     * the ledger. The JSL files hand the second one to the runtime.
     */
    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public long start(String job, String attempt, boolean spread) {
        var parameters = new Properties();
        parameters.setProperty("attempt", attempt);
        parameters.setProperty("spread", Boolean.toString(spread));
        return BatchRuntime.getJobOperator().start(job, parameters);
    }

    @TransactionAttribute(TransactionAttributeType.NOT_SUPPORTED)
    public void stop(long execution) {
        try {
            BatchRuntime.getJobOperator().stop(execution);
        } catch (JobExecutionNotRunningException e) {
            // It has ended meanwhile, which is what was wanted.
        }
    }
}
