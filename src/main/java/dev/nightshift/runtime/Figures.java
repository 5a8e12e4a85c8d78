package dev.nightshift.runtime;

import dev.nightshift.job.Beat;
import dev.nightshift.postgres.BreakerStatus;
import dev.nightshift.postgres.PoolStatus;
import dev.nightshift.postgres.TargetPools;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import org.eclipse.microprofile.metrics.Metadata;
import org.eclipse.microprofile.metrics.MetricID;
import org.eclipse.microprofile.metrics.MetricRegistry;
import org.eclipse.microprofile.metrics.MetricUnits;
import org.eclipse.microprofile.metrics.Tag;
import org.eclipse.microprofile.metrics.annotation.RegistryScope;

/**
 * What /metrics says beyond the server's own figures: runs, backups, proofs, pools and breakers, read with the node's
 * heartbeat. What is not measured has no series.
 */
@ApplicationScoped
public class Figures {
    @Inject
    @RegistryScope(scope = MetricRegistry.APPLICATION_SCOPE)
    private MetricRegistry registry;

    @Inject
    private Transactions transactions;

    @Inject
    private TargetPools pools;

    private final Map<MetricID, Double> values = new HashMap<>();
    private final Set<MetricID> registered = new HashSet<>();

    synchronized void measure(@ObservesAsync Beat beat) {
        values.clear();
        transactions.installation(connection -> {
            runs(connection);
            backups(connection);
            return true;
        });
        for (PoolStatus pool : pools.pools()) {
            put("nightshift_pool_connections", tags("instance", pool.instance(), "state", "active"), pool.active());
            put("nightshift_pool_connections", tags("instance", pool.instance(), "state", "idle"), pool.idle());
            put("nightshift_pool_connections", tags("instance", pool.instance(), "state", "waiting"), pool.waiting());
        }
        for (BreakerStatus breaker : pools.breakers()) {
            put(
                    "nightshift_breaker_open",
                    tags("instance", breaker.instance()),
                    breaker.state() == BreakerStatus.State.CLOSED ? 0 : 1);
        }
        publish();
    }

    private void runs(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("select project, job, status, runs from job.figures()");
                var rows = query.executeQuery()) {
            while (rows.next()) {
                put(
                        "nightshift_runs",
                        tags("project", rows.getString(1), "job", rows.getString(2), "status", rows.getString(3)),
                        (double) rows.getLong(4));
            }
        }
    }

    private void backups(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement(
                        "select project, database, backup_age_seconds, proof_age_seconds, stored_bytes, proof_level from backup.figures()");
                var rows = query.executeQuery()) {
            while (rows.next()) {
                Tag[] tags = tags("project", rows.getString(1), "database", rows.getString(2));
                double backupAge = rows.getDouble(3);
                if (!rows.wasNull()) {
                    put("nightshift_backup_age_seconds", tags, backupAge);
                    put("nightshift_backup_stored_bytes", tags, (double) rows.getLong(5));
                }
                double proofAge = rows.getDouble(4);
                if (!rows.wasNull()) {
                    put("nightshift_proof_age_seconds", tags, proofAge);
                    put("nightshift_proof_level", tags, rows.getInt(6));
                }
            }
        }
    }

    private void put(String name, Tag[] tags, double value) {
        values.merge(new MetricID(name, tags), value, Double::sum);
    }

    private static Tag[] tags(String... pairs) {
        Tag[] tags = new Tag[pairs.length / 2];
        for (int i = 0; i < tags.length; i++) {
            tags[i] = new Tag(pairs[2 * i], pairs[2 * i + 1]);
        }
        return tags;
    }

    /** New series are registered, vanished ones removed; a gauge reads its value from the last measurement. */
    private void publish() {
        for (MetricID id : values.keySet()) {
            if (registered.add(id)) {
                registry.gauge(
                        Metadata.builder()
                                .withName(id.getName())
                                .withUnit(MetricUnits.NONE)
                                .build(),
                        () -> value(id),
                        id.getTagsAsArray());
            }
        }
        registered.removeIf(id -> !values.containsKey(id) && registry.remove(id));
    }

    private synchronized double value(MetricID id) {
        return values.getOrDefault(id, Double.NaN);
    }
}
