package dev.nightshift.job;

import dev.nightshift.tenancy.Expiring;
import dev.nightshift.tenancy.Expiring.Kept;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.HashSet;
import java.util.Set;
import java.util.UUID;

/** What the ledger keeps for a time only. */
@ApplicationScoped
class Expiry {
    @Inject
    @Any
    private Instance<RunHolder> holders;

    @Produces
    Expiring lines() {
        return Expiring.by("job.forget_log", "log lines", Kept.LOGS);
    }

    @Produces
    Expiring runs() {
        return new Expiring("runs", Kept.RUNS, this::forgetRuns);
    }

    @Produces
    Expiring schedules() {
        return Expiring.by("job.forget_schedules", "deleted schedules", Kept.DELETED);
    }

    private long forgetRuns(Connection connection, Instant before, int most) throws SQLException {
        Set<UUID> held = new HashSet<>();
        for (RunHolder holder : holders) {
            held.addAll(holder.runs(connection));
        }
        try (var query = connection.prepareStatement("select job.forget_runs(?, ?, ?)")) {
            query.setTimestamp(1, Timestamp.from(before));
            query.setArray(2, connection.createArrayOf("uuid", held.toArray()));
            query.setInt(3, most);
            try (var row = query.executeQuery()) {
                row.next();
                return row.getLong(1);
            }
        }
    }
}
