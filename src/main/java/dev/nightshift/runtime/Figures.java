package dev.nightshift.runtime;

import dev.nightshift.job.Beat;
import dev.nightshift.kernel.Clock;
import dev.nightshift.postgres.BreakerStatus;
import dev.nightshift.postgres.PoolStatus;
import dev.nightshift.postgres.TargetPools;
import dev.nightshift.runtime.tls.CertificateWatch;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.atomic.AtomicBoolean;
import org.eclipse.microprofile.metrics.Metadata;
import org.eclipse.microprofile.metrics.MetricID;
import org.eclipse.microprofile.metrics.MetricRegistry;
import org.eclipse.microprofile.metrics.MetricUnits;
import org.eclipse.microprofile.metrics.Tag;
import org.eclipse.microprofile.metrics.annotation.RegistryScope;
import org.jspecify.annotations.Nullable;

/**
 * What /metrics says beyond the server's own figures: runs, backups, proofs, pools and breakers, read now and then with
 * the node's heartbeat. What is not measured has no series.
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

    @Inject
    private CertificateWatch certificate;

    /** Counting all runs of all projects is nothing to do with every heartbeat. */
    private static final Duration EVERY = Duration.ofSeconds(15);

    /** While the repository is away there are no heartbeats, and nothing is measured. */
    private static final Duration STALE = Duration.ofSeconds(60);

    @Inject
    private Clock clock;

    private final Map<MetricID, Double> values = new HashMap<>();
    private final Set<MetricID> registered = new HashSet<>();
    private final AtomicBoolean busy = new AtomicBoolean();
    private volatile Map<MetricID, Double> published = Map.of();
    private volatile Instant measured = Instant.EPOCH;

    void onBeat(@ObservesAsync Beat beat) {
        if (measured.plus(EVERY).isBefore(clock.now()) && busy.compareAndSet(false, true)) {
            try {
                measure();
                measured = clock.now();
            } finally {
                busy.set(false);
            }
        }
    }

    private void measure() {
        values.clear();
        List<Address> addresses = transactions.installation(connection -> {
            runs(connection);
            backups(connection);
            logs(connection);
            nodes(connection);
            return addresses(connection);
        });
        pools(addresses);
        breakers(addresses);
        certificate
                .left()
                .ifPresent(left -> put("nightshift_certificate_expiry_seconds", tags(), (double) left.toSeconds()));
        publish();
    }

    /**
     * Whose server an address is. {@code dbname} and {@code database} are null for an instance without databases.
     *
     * @param server {@code host:port}
     */
    private record Address(
            String project,
            String instance,
            String server,
            String user,
            @Nullable String dbname,
            @Nullable String database) {}

    private static List<Address> addresses(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement(
                        "select project, instance, host, port, username, dbname, database from fleet.addresses()");
                var rows = query.executeQuery()) {
            var all = new ArrayList<Address>();
            while (rows.next()) {
                all.add(new Address(
                        rows.getString(1),
                        rows.getString(2),
                        TargetPools.instance(rows.getString(3), rows.getInt(4)),
                        rows.getString(5),
                        rows.getString(6),
                        rows.getString(7)));
            }
            return all;
        }
    }

    /** A pool belongs to who logs in there; the maintenance database has the server's own name for it. */
    private void pools(List<Address> addresses) {
        for (PoolStatus pool : pools.pools()) {
            var owners = addresses.stream()
                    .filter(each ->
                            each.server().equals(pool.instance()) && each.user().equals(pool.user()))
                    .toList();
            owners.stream()
                    .filter(each -> pool.database().equals(each.dbname()))
                    .findFirst()
                    .or(() -> owners.stream().findFirst())
                    .ifPresent(owner -> {
                        String name =
                                owner.database() != null && pool.database().equals(owner.dbname())
                                        ? owner.database()
                                        : pool.database();
                        connections(owner, name, "active", pool.active());
                        connections(owner, name, "idle", pool.idle());
                        connections(owner, name, "waiting", pool.waiting());
                    });
        }
    }

    private void connections(Address owner, String database, String state, int count) {
        put(
                "nightshift_pool_connections",
                tags("project", owner.project(), "server", owner.instance(), "database", database, "state", state),
                count);
    }

    /** One breaker guards a host and port, whoever registered it. */
    private void breakers(List<Address> addresses) {
        for (BreakerStatus breaker : pools.breakers()) {
            addresses.stream()
                    .filter(each -> each.server().equals(breaker.instance()))
                    .map(each -> tags("project", each.project(), "server", each.instance()))
                    .map(tags -> new MetricID("nightshift_breaker_open", tags))
                    // An instance may have several members, each with its own
                    .forEach(id ->
                            values.merge(id, breaker.state() == BreakerStatus.State.CLOSED ? 0.0 : 1.0, Math::max));
        }
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
                        "select project, database, backup_age_seconds, proof_age_seconds, stored_bytes,"
                                + " proof_level, proof_failed::int from backup.figures()");
                var rows = query.executeQuery()) {
            while (rows.next()) {
                Tag[] tags = tags("project", rows.getString(1), "database", rows.getString(2));
                put("nightshift_database", tags, 1);
                measured(rows, 3, "nightshift_backup_age_seconds", tags);
                measured(rows, 4, "nightshift_proof_age_seconds", tags);
                measured(rows, 5, "nightshift_backup_stored_bytes", tags);
                measured(rows, 6, "nightshift_proof_level", tags);
                measured(rows, 7, "nightshift_proof_failed", tags);
            }
        }
    }

    private void logs(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement(
                        "select project, server, streams::int, covered_age_seconds, retained_bytes from backup.wal_figures()");
                var rows = query.executeQuery()) {
            while (rows.next()) {
                Tag[] tags = tags("project", rows.getString(1), "server", rows.getString(2));
                measured(rows, 3, "nightshift_wal_streams", tags);
                measured(rows, 4, "nightshift_wal_covered_age_seconds", tags);
                measured(rows, 5, "nightshift_wal_retained_bytes", tags);
            }
        }
    }

    /** The newest of each name: a server that was started again is a new node, and its predecessor is not missed. */
    private void nodes(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("""
                        select distinct on (name) name, extract(epoch from now() - heartbeat_at), clock_offset_millis / 1000.0
                          from job.node where stopped_at is null and heartbeat_at > now() - interval '1 day'
                         order by name, heartbeat_at desc
                        """);
                var rows = query.executeQuery()) {
            while (rows.next()) {
                Tag[] tags = tags("node", rows.getString(1));
                measured(rows, 2, "nightshift_node_heartbeat_age_seconds", tags);
                measured(rows, 3, "nightshift_node_clock_offset_seconds", tags);
            }
        }
    }

    private void measured(ResultSet rows, int column, String name, Tag[] tags) throws SQLException {
        double value = rows.getDouble(column);
        if (!rows.wasNull()) {
            put(name, tags, value);
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
        published = Map.copyOf(values);
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

    /** Not a number once it is old: an age that stands still would never reach the threshold of an alert. */
    private double value(MetricID id) {
        if (measured.plus(STALE).isBefore(clock.now())) {
            return Double.NaN;
        }
        return published.getOrDefault(id, Double.NaN);
    }
}
