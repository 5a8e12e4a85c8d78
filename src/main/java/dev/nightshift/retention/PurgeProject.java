package dev.nightshift.retention;

import dev.nightshift.audit.Audit;
import dev.nightshift.job.TargetBatchlet;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Clock;
import dev.nightshift.tenancy.Expiring;
import dev.nightshift.tenancy.Expiring.Kept;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.Comparator;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/** Forgets what is older than the project's retention, some at a time, so that nobody waits for its locks. */
@Named("purgeProject")
@Dependent
public class PurgeProject extends TargetBatchlet {
    private static final int AT_ONCE = 1000;

    @Inject
    private Retentions retentions;

    @Inject
    @Any
    private Instance<Expiring> expiring;

    @Inject
    private Clock clock;

    @Inject
    private Audit audit;

    @Override
    protected void work(TargetRun target) {
        Retention retention = retentions.of(target.project());
        Instant now = clock.now();
        Map<String, Long> forgotten = new TreeMap<>();
        for (Kept kept : Kept.values()) {
            String step = PurgeJob.step(kept);
            target.begin(step);
            Instant before = retention.before(kept, now);
            Map<String, Long> ofStep = new TreeMap<>();
            expiring.stream()
                    .filter(each -> each.kept() == kept)
                    .sorted(Comparator.comparing(Expiring::what))
                    .forEach(each -> {
                        long rows = forget(target, each, before);
                        if (rows > 0) {
                            ofStep.put(each.what(), rows);
                        }
                    });
            String words = ofStep.entrySet().stream()
                    .map(each -> String.format(Locale.ROOT, "%,d %s", each.getValue(), each.getKey()))
                    .collect(Collectors.joining(", "));
            if (!ofStep.isEmpty()) {
                target.info("Forgotten, because they were over before "
                        + before.atOffset(ZoneOffset.UTC).toLocalDate() + ": " + words + ".");
            }
            target.done(
                    step,
                    words.isEmpty()
                            ? "nothing is older than "
                                    + before.atOffset(ZoneOffset.UTC).toLocalDate()
                            : words);
            forgotten.putAll(ofStep);
        }
        target.figure(
                "rowsForgotten",
                forgotten.values().stream().mapToLong(Long::longValue).sum());
        if (!forgotten.isEmpty()) {
            target.store(connection ->
                    audit.record(target.project(), "retention.purge", "run " + target.runId(), forgotten));
        }
    }

    private static long forget(TargetRun target, Expiring each, Instant before) {
        long all = 0;
        AtomicLong rows = new AtomicLong();
        do {
            target.throwIfStopped();
            target.store(connection -> rows.set(each.forgetting().forget(connection, before, AT_ONCE)));
            all += rows.get();
            target.progress(all, null, "rows", each.what());
        } while (rows.get() > 0);
        return all;
    }
}
