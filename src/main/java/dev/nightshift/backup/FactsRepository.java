package dev.nightshift.backup;

import dev.nightshift.backup.policy.Facts;
import dev.nightshift.finding.Severity;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** What goals are held against, within the transaction of the project whose connection is passed. */
@ApplicationScoped
class FactsRepository {
    /** Of more than an archive has, the newest ones. */
    private static final int MOST_STRETCHES = 1_000;

    @Inject
    private WalRepository logs;

    /** The backup that the facts are about, with where its log would go on. */
    private record Good(String systemIdentifier, int timeline, Lsn recovery) {}

    /** Of these instances. */
    Map<UUID, Facts> of(Connection connection, ProjectId project, Collection<UUID> instances) throws SQLException {
        Map<UUID, Facts> facts = new HashMap<>();
        try (var query = connection.prepareStatement("""
                select i.id, i.created_at, now() as now, good.ended_at as backup_at, good.system_identifier, good.timeline,
                       good.recovery_lsn::text as recovery_lsn, bad.ended_at as bad_at,
                       proven.at as proven_at, drill.at as drilled_at, drill.rto_millis
                  from fleet.instance i
                  left join lateral (select b.* from backup.backup b
                                      where b.project_id = i.project_id and b.instance_id = i.id and b.deleted_at is null
                                        and b.state = 'COMPLETE' and not exists (""" + BaseRepository.AGAINST + """
                                            )
                                      order by b.id desc limit 1) good on true
                  left join lateral (select b.ended_at from backup.backup b
                                      where b.project_id = i.project_id and b.instance_id = i.id and b.deleted_at is null
                                        and (good.id is null or b.id > good.id)
                                      order by b.id desc limit 1) bad on true
                  cross join lateral (select backup.proven_at(i.project_id, i.id) as at) proven
                  left join lateral (select f.at, f.rto_millis
                                       from backup.proof f
                                       join backup.backup b on b.project_id = f.project_id and b.id = f.backup_id
                                      where b.project_id = i.project_id and b.instance_id = i.id and b.deleted_at is null
                                        and f.level >= 3 and f.outcome <> 'FAILED' and f.rto_millis is not null
                                        and f.at = proven.at
                                      order by f.id desc limit 1) drill on true
                 where i.id = any (?)
                """)) {
            query.setArray(1, connection.createArrayOf("uuid", instances.toArray()));
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    UUID instance = rows.getObject("id", UUID.class);
                    facts.put(instance, facts(connection, project, instance, rows));
                }
            }
        }
        return facts;
    }

    private Facts facts(Connection connection, ProjectId project, UUID instance, ResultSet row) throws SQLException {
        Instant backupAt = instant(row.getTimestamp("backup_at"));
        Instant drilledAt = instant(row.getTimestamp("drilled_at"));
        return new Facts(
                row.getTimestamp("now").toInstant(),
                row.getTimestamp("created_at").toInstant(),
                backupAt,
                instant(row.getTimestamp("bad_at")),
                backupAt == null
                        ? new Facts.Log(Facts.Reach.NONE, null)
                        : log(
                                connection,
                                project,
                                instance,
                                new Good(
                                        row.getString("system_identifier"),
                                        row.getInt("timeline"),
                                        Lsn.parse(row.getString("recovery_lsn")))),
                instant(row.getTimestamp("proven_at")),
                drilledAt == null ? null : new Facts.Drill(drilledAt, Duration.ofMillis(row.getLong("rto_millis"))));
    }

    private Facts.Log log(Connection connection, ProjectId project, UUID instance, Good good) throws SQLException {
        UUID current = logs.service(connection, project, instance)
                .map(WalService::archive)
                .orElse(null);
        List<WalRepository.Archive> archives =
                WalArchives.joinable(logs.archives(connection, instance), good.systemIdentifier(), current);
        List<WalRepository.Stretch> stretches = new ArrayList<>();
        for (WalRepository.Archive archive : archives) {
            stretches.addAll(logs.stretches(connection, archive.id(), MOST_STRETCHES));
        }
        return archives.isEmpty()
                ? LogBehind.of(List.of(), good.timeline(), good.recovery(), good.recovery())
                : LogBehind.of(
                        stretches,
                        good.timeline(),
                        good.recovery(),
                        good.recovery().segmentStart(archives.get(0).segmentBytes()));
    }

    /** The findings about goals that are open, by their fingerprints. */
    Map<String, Severity> openGoals(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("""
                        select fingerprint, severity from finding.finding
                         where project_id = tenancy.current_project() and state = 'OPEN'
                           and starts_with(fingerprint, 'backup.goal.')
                        """);
                var rows = query.executeQuery()) {
            Map<String, Severity> open = new HashMap<>();
            while (rows.next()) {
                open.put(rows.getString(1), Severity.valueOf(rows.getString(2)));
            }
            return open;
        }
    }

    private static @Nullable Instant instant(@Nullable Timestamp at) {
        return at == null ? null : at.toInstant();
    }
}
