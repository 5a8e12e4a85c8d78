package dev.nightshift.job;

import dev.nightshift.audit.Audit;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/** Stops or restarts all runs that a filter admits, some at a time, each in a transaction of its own. */
@ApplicationScoped
class RunsInBulk {
    /** The most runs of one call. */
    static final int MOST = 1000;

    @Inject
    private Transactions transactions;

    @Inject
    private Runs runs;

    @Inject
    private Ledger ledger;

    @Inject
    private Audit audit;

    /** What came of it; {@code next} is the last run that was looked at, where more follow. */
    record Outcome(
            int matched,
            int done,
            List<Refused> refused,
            @Nullable UUID next) {}

    /** A run that was let be. */
    record Refused(UUID id, String why) {}

    private interface Change {
        void of(Connection connection, ProjectId project, UUID run) throws SQLException;
    }

    Outcome stop(ProjectId project, RunFilter filter, @Nullable UUID after) {
        return each(project, "run.stop", orAny(filter, status -> !status.isOver()), after, ledger::stop);
    }

    /** Restarts them; {@code by} is the person or key that asked. */
    Outcome restart(ProjectId project, RunFilter filter, @Nullable UUID after, String by) {
        var asked = orAny(filter, status -> status.mayBecome(RunStatus.QUEUED) && status != RunStatus.SKIPPED);
        return each(project, "run.restart", asked, after, (connection, in, run) -> {
            runs.checkRestart(in, run);
            ledger.restart(connection, in, run, by);
        });
    }

    /** Where no state is asked for, the runs that cannot be meant are none of those that are refused. */
    private static RunFilter orAny(RunFilter filter, Predicate<RunStatus> possible) {
        if (filter.isEmpty()) {
            throw new Failure.Invalid(
                    "Say which runs are meant by at least one of job, status, database, trigger, schedule, from and"
                            + " to.");
        }
        Set<RunStatus> statuses = EnumSet.allOf(RunStatus.class);
        statuses.removeIf(possible.negate());
        return filter.statuses().isEmpty() ? filter.withStatuses(statuses) : filter;
    }

    private Outcome each(ProjectId project, String action, RunFilter filter, @Nullable UUID after, Change change) {
        // What cannot be audited does not begin.
        List<UUID> ids = transactions.in(project, connection -> {
            List<UUID> found = RunIds.find(connection, filter, after, MOST + 1);
            if (!found.isEmpty()) {
                Map<String, Object> details = new LinkedHashMap<>();
                details.put("filter", filter.words());
                details.put("runs", Math.min(found.size(), MOST));
                audit.record(project, action, "runs", details);
            }
            return found;
        });
        List<UUID> now = ids.subList(0, Math.min(ids.size(), MOST));
        int done = 0;
        List<Refused> refused = new ArrayList<>();
        for (UUID id : now) {
            try {
                transactions.run(project, connection -> {
                    change.of(connection, project, id);
                    audit.record(project, action, "run " + id, Map.of("with", filter.words()));
                });
                done++;
            } catch (Failure.Conflict | Failure.NotFound | Failure.Invalid e) {
                refused.add(new Refused(id, e.getMessage()));
            }
        }
        return new Outcome(now.size(), done, refused, ids.size() > MOST ? now.get(MOST - 1) : null);
    }
}
