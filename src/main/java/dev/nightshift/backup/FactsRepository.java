package dev.nightshift.backup;

import dev.nightshift.backup.policy.Facts;
import dev.nightshift.finding.Severity;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Array;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** What goals are held against, within the transaction of the project whose connection is passed. */
@ApplicationScoped
class FactsRepository {
    /** Of more than an archive has, the newest ones. */
    private static final int MOST_STRETCHES = 1_000;

    /** Of a backup {@code b} of the instance {@code i}: it is kept, of its cluster, and nothing speaks against it. */
    private static final String GOOD = """
             b.deleted_at is null and b.state = 'COMPLETE' and b.physical
             and (not exists (select from backup.lost_store l where l.store = b.store)
                  or exists (select from backup.copy k where k.project_id = b.project_id and k.backup_id = b.id and k.state = 'WHOLE'
                                and not exists (select from backup.lost_store l where l.store = k.store)))
             and (i.system_identifier is null or b.system_identifier = i.system_identifier)
             and (not exists (""" + BaseRepository.AGAINST + """
             )
                  or exists (select from backup.copy w join lateral backup.standing_proof(w.project_id, w.backup_id, w.store) p on true
                              where w.project_id = b.project_id and w.backup_id = b.id and w.state = 'WHOLE'
                                and p.level >= 3 and p.outcome <> 'FAILED'))
            """;

    /** The bytes of the largest backup in the chain of {@code b}: about what is restored, as an increment reads little. */
    private static final String LARGEST = """
             (select max(n.size_bytes) from backup.backup n where n.project_id = b.project_id and n.id = any (b.chain)) as largest
            """;

    /** Whether the backup lies whole in the store of a proof of it, and nothing failed there since: two aliases each. */
    private static final String STANDS = """
             %1$s.level >= 3 and %1$s.outcome <> 'FAILED'
             and not exists (select from backup.lost_store t where t.store = %1$s.store)
             and (%1$s.store = %2$s.store
                  or exists (select from backup.copy o where o.project_id = %2$s.project_id and o.backup_id = %2$s.id
                                                         and o.store = %1$s.store and o.state = 'WHOLE'))
             and not exists (select from backup.proof l where l.project_id = %1$s.project_id and l.backup_id = %1$s.backup_id
                                                          and l.store = %1$s.store and l.outcome = 'FAILED' and l.id > %1$s.id)
            """;

    /** Proofs {@code f} that stand, as backup.proven_at has them, of good backups alone; more conditions can follow. */
    private static final String PROVEN = "select f.at, f.rto_millis, b.ended_at," + LARGEST + """
              from backup.proof f join backup.backup b on b.project_id = f.project_id and b.id = f.backup_id
             where b.project_id = i.project_id and b.instance_id = i.id
               and not exists (select from backup.proof g
                                 join backup.backup c on c.project_id = g.project_id and c.id = g.backup_id
                                where c.project_id = i.project_id and c.instance_id = i.id and c.deleted_at is null and c.physical
                                  and g.outcome = 'FAILED' and g.id > f.id and c.id > b.id
                                  and not exists (select from backup.proof s where s.project_id = c.project_id
                                                     and s.backup_id = c.id and s.store <> g.store and
            """
            + STANDS.formatted("s", "c") + ")) and " + STANDS.formatted("f", "b") + " and " + GOOD;

    /** The stores that hold the backup {@code good} with all that it needs, where nothing speaks against any of it. */
    private static final String STORES = """
             (select array_agg(b.store order by b.store)
                from (select good.project_id, good.instance_id, good.chain, h.store
                        from (select good.store union
                              select c.store from backup.copy c
                               where c.project_id = good.project_id and c.backup_id = good.id and c.state = 'WHOLE') h) b
               where not exists (select from backup.lost_store l where l.store = b.store)
                 and not exists (select from unnest(b.chain) n (id)
                                  where not exists (select from backup.backup m
                                                     where m.project_id = b.project_id and m.id = n.id and m.store = b.store)
                                    and not exists (select from backup.copy c
                                                     where c.project_id = b.project_id and c.backup_id = n.id
                                                       and c.store = b.store and c.state = 'WHOLE'))
                 and (not exists (""" + BaseRepository.AGAINST + """
                 ) or exists (select from backup.standing_proof(good.project_id, good.id, b.store) p
                               where p.level >= 3 and p.outcome <> 'FAILED'))) as stores,
             exists (select from job.target t join job.run r on r.project_id = t.project_id and r.id = t.run_id
                      where t.project_id = good.project_id and t.instance_id = good.instance_id
                        and t.status in ('WAITING', 'STARTED', 'LOST')
                        and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING')
                        and (r.id = good.run_id
                             or exists (select from backup.copy c
                                         where c.project_id = good.project_id and c.backup_id = any (good.chain)
                                           and c.run_id = r.id and c.state = 'COPYING'))) as under_way
            """;

    @Inject
    private WalRepository logs;

    /** The backup that the facts are about, with where its log would go on. */
    private record Good(String systemIdentifier, Instant endedAt, int timeline, Lsn recovery) {}

    /**
     * Of these instances. Backups of another cluster, which stood at the same address before, stand in for nothing of them.
     *
     * @param withLog those of them whose log is looked at; of the others it is as if there were none
     * @param keys what is known of the keys, by the ids of those that the newest good backup and all that it is built on open
     *     by; none without a backup, an empty one where the catalogue has none
     */
    Map<UUID, Facts> of(
            Connection connection,
            ProjectId project,
            Collection<UUID> instances,
            Set<UUID> withLog,
            Function<List<String>, Facts.Keys> keys)
            throws SQLException {
        Map<UUID, Facts> facts = new HashMap<>();
        try (var query = connection.prepareStatement(
                """
                select i.id, i.created_at, now() as now, good.ended_at as backup_at, good.largest as good_bytes, good.system_identifier,
                       good.timeline, good.recovery_lsn::text as recovery_lsn, bad.ended_at as bad_at, proven.at as proven_at,
                       drill.at as drilled_at, drill.rto_millis, drill.ended_at as drilled_backup_at,
                       drill.largest as drilled_bytes,
                       (select array_agg(distinct coalesce(n.key_id, ''))
                          from unnest(good.chain) c (id)
                          left join backup.backup n on n.project_id = good.project_id and n.id = c.id) as key_ids,""" + STORES + """
                  from fleet.instance i
                  left join lateral (select b.*,""" + LARGEST + """
                                       from backup.backup b
                                      where b.project_id = i.project_id and b.instance_id = i.id and
                                     """ + GOOD + """
                                      order by b.id desc limit 1) good on true
                  left join lateral (select b.ended_at from backup.backup b
                                      where b.project_id = i.project_id and b.instance_id = i.id and b.deleted_at is null and b.physical
                                        and (good.id is null or b.id > good.id)
                                      order by b.id desc limit 1) bad on true
                  left join lateral (""" + PROVEN + """
                                      order by f.id desc limit 1) proven on true
                  left join lateral (""" + PROVEN + """
                                        and f.rto_millis is not null
                                      order by f.id desc limit 1) drill on true
                 where i.id = any (?)
                """)) {
            query.setArray(1, connection.createArrayOf("uuid", instances.toArray()));
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    UUID instance = rows.getObject("id", UUID.class);
                    Facts.Keys its = keys.apply(texts(rows.getArray("key_ids")));
                    facts.put(instance, facts(connection, project, instance, rows, withLog.contains(instance), its));
                }
            }
        }
        return facts;
    }

    private Facts facts(
            Connection connection, ProjectId project, UUID instance, ResultSet row, boolean withLog, Facts.Keys keys)
            throws SQLException {
        Instant backupAt = instant(row.getTimestamp("backup_at"));
        Instant drilledAt = instant(row.getTimestamp("drilled_at"));
        return new Facts(
                row.getTimestamp("now").toInstant(),
                row.getTimestamp("created_at").toInstant(),
                backupAt,
                instant(row.getTimestamp("bad_at")),
                backupAt == null || !withLog
                        ? new Facts.Log(Facts.Reach.NONE, null)
                        : log(
                                connection,
                                project,
                                instance,
                                new Good(
                                        row.getString("system_identifier"),
                                        backupAt,
                                        row.getInt("timeline"),
                                        Lsn.parse(row.getString("recovery_lsn")))),
                instant(row.getTimestamp("proven_at")),
                drilledAt == null
                        ? null
                        : new Facts.Drill(
                                drilledAt,
                                Duration.ofMillis(row.getLong("rto_millis")),
                                row.getTimestamp("drilled_backup_at").toInstant(),
                                row.getLong("drilled_bytes"),
                                row.getLong("good_bytes")),
                backupAt == null ? null : new Facts.Copies(texts(row.getArray("stores")), row.getBoolean("under_way")),
                keys);
    }

    private static List<String> texts(@Nullable Array array) throws SQLException {
        return array == null ? List.of() : List.of((String[]) array.getArray());
    }

    private Facts.Log log(Connection connection, ProjectId project, UUID instance, Good good) throws SQLException {
        UUID current = logs.service(connection, project, instance)
                .flatMap(WalService::streamsTo)
                .orElse(null);
        Set<String> lost = lost(connection);
        List<WalRepository.Archive> ofCluster = logs.archives(connection, instance).stream()
                .filter(archive ->
                        archive.systemIdentifier().equals(good.systemIdentifier()) && !lost.contains(archive.store()))
                .toList();
        List<WalRepository.Stretch> stretches = new ArrayList<>();
        for (WalRepository.Archive archive : WalArchives.joinable(ofCluster, good.systemIdentifier(), current)) {
            stretches.addAll(logs.stretches(connection, archive.id(), MOST_STRETCHES));
        }
        return stretches.isEmpty() || isOfThisHistory(connection, ofCluster, good)
                ? LogBehind.of(stretches, good.timeline(), good.recovery())
                : new Facts.Log(Facts.Reach.GAP, null);
    }

    private static Set<String> lost(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("select store from backup.lost_store");
                var rows = query.executeQuery()) {
            Set<String> lost = new HashSet<>();
            while (rows.next()) {
                lost.add(rows.getString(1));
            }
            return lost;
        }
    }

    private boolean isOfThisHistory(Connection connection, List<WalRepository.Archive> newestFirst, Good good)
            throws SQLException {
        if (newestFirst.stream().allMatch(archive -> archive.endedBecause() == null)) {
            return true;
        }
        List<Instant> since = new ArrayList<>();
        for (WalRepository.Archive archive : newestFirst) {
            if (archive.endedBecause() != null) {
                break;
            }
            logs.begunAt(connection, archive.id()).ifPresent(since::add);
        }
        return LogBehind.isOfThisHistory(since, good.endedAt());
    }

    /** The findings about goals that are open, by their fingerprints. */
    Map<String, PolicyGoals.Open> openGoals(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("""
                        select fingerprint, severity, evidence ->> 'policy',
                               coalesce(evidence ->> 'wantedSeconds', evidence ->> 'wantedStores')::bigint
                          from finding.finding
                         where project_id = tenancy.current_project() and state = 'OPEN'
                           and starts_with(fingerprint, 'backup.goal.')
                        """);
                var rows = query.executeQuery()) {
            Map<String, PolicyGoals.Open> open = new HashMap<>();
            while (rows.next()) {
                open.put(
                        rows.getString(1),
                        new PolicyGoals.Open(Severity.valueOf(rows.getString(2)), rows.getString(3), rows.getLong(4)));
            }
            return open;
        }
    }

    private static @Nullable Instant instant(@Nullable Timestamp at) {
        return at == null ? null : at.toInstant();
    }
}
