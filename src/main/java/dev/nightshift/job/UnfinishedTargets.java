package dev.nightshift.job;

import jakarta.batch.api.BatchProperty;
import jakarta.batch.api.partition.PartitionMapper;
import jakarta.batch.api.partition.PartitionPlan;
import jakarta.batch.api.partition.PartitionPlanImpl;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import java.util.List;
import java.util.Properties;
import java.util.UUID;

/** One partition for each target that the attempt still has to do, and may do now. */
@Named("unfinishedTargets")
@Dependent
public class UnfinishedTargets implements PartitionMapper {
    @Inject
    @BatchProperty(name = "attempt")
    private String attemptId;

    @Inject
    private JobConfig config;

    @Inject
    private Ledger ledger;

    @Inject
    private TargetLedger targets;

    @Inject
    private WindowGate windows;

    @Override
    public PartitionPlan mapPartitions() {
        UUID attempt = UUID.fromString(attemptId);
        List<UUID> ids = Patience.whenRepositoryAnswers(
                        () -> ledger.attempt(attempt).map(its -> windows.open(its, targets.unfinished(its))))
                .orElseThrow(() -> new IllegalStateException("Attempt " + attemptId + " is not in the ledger."));
        Properties[] properties = new Properties[ids.size()];
        for (int i = 0; i < properties.length; i++) {
            properties[i] = new Properties();
            properties[i].setProperty("target", ids.get(i).toString());
        }
        var plan = new PartitionPlanImpl();
        plan.setPartitions(ids.size());
        plan.setThreads(Math.min(ids.size(), config.parallelTargets()));
        plan.setPartitionProperties(properties);
        return plan;
    }
}
