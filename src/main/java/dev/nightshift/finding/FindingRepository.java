package dev.nightshift.finding;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The findings' tables. */
@ApplicationScoped
class FindingRepository {
    /** Lets reports of one fingerprint follow one another, so that each knows what the one before it left. */
    void await(Connection connection, ProjectId project, String fingerprint) throws SQLException {
        try (var lock = connection.prepareStatement("""
                select pg_advisory_xact_lock(hashtextextended('nightshift finding ' || ? || ' ' || ?, 0))
                """)) {
            lock.setString(1, project.toString());
            lock.setString(2, fingerprint);
            lock.execute();
        }
    }

    Optional<Severity> openSeverity(Connection connection, ProjectId project, String fingerprint) throws SQLException {
        try (var select = connection.prepareStatement("""
                select severity from finding.finding where project_id = ? and fingerprint = ? and state = 'OPEN'
                """)) {
            select.setObject(1, project.value());
            select.setString(2, fingerprint);
            try (var row = select.executeQuery()) {
                return row.next() ? Optional.of(Severity.valueOf(row.getString(1))) : Optional.empty();
            }
        }
    }

    UUID upsert(Connection connection, ProjectId project, FindingReport report, Clock clock) throws SQLException {
        try (var upsert = connection.prepareStatement("""
                insert into finding.finding as f (id, project_id, fingerprint, subject_kind, subject_id, subject_name,
                    severity, title, detail, remedy, evidence, run_id, first_seen, last_seen)
                values (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?::jsonb, ?, ?, ?)
                on conflict (project_id, fingerprint) where state = 'OPEN' do update
                   set severity = case
                           when array_position(array['INFO', 'WARNING', 'CRITICAL'], excluded.severity)
                              > array_position(array['INFO', 'WARNING', 'CRITICAL'], f.severity)
                           then excluded.severity else f.severity end,
                       subject_kind = excluded.subject_kind, subject_id = excluded.subject_id,
                       subject_name = excluded.subject_name,
                       title = excluded.title, detail = excluded.detail, remedy = excluded.remedy,
                       evidence = excluded.evidence, run_id = excluded.run_id, last_seen = excluded.last_seen,
                       seen = f.seen + 1
                returning id
                """)) {
            OffsetDateTime now = at(clock.now());
            upsert.setObject(1, Ids.next(clock));
            upsert.setObject(2, project.value());
            upsert.setString(3, report.fingerprint());
            upsert.setString(4, report.subject().kind().name());
            upsert.setObject(5, report.subject().id());
            upsert.setString(6, report.subject().name());
            upsert.setString(7, report.severity().name());
            upsert.setString(8, report.title());
            upsert.setString(9, report.detail());
            upsert.setString(10, report.remedy());
            upsert.setString(11, report.evidence().toString());
            upsert.setObject(12, report.run(), Types.OTHER);
            upsert.setObject(13, now);
            upsert.setObject(14, now);
            try (var row = upsert.executeQuery()) {
                row.next();
                return row.getObject(1, UUID.class);
            }
        }
    }

    Optional<UUID> close(Connection connection, ProjectId project, String fingerprint, Instant at) throws SQLException {
        try (var update = connection.prepareStatement("""
                update finding.finding set state = 'CLOSED', closed_at = ?
                 where project_id = ? and fingerprint = ? and state = 'OPEN'
                returning id
                """)) {
            update.setObject(1, at(at));
            update.setObject(2, project.value());
            update.setString(3, fingerprint);
            try (var row = update.executeQuery()) {
                return row.next() ? Optional.of(row.getObject(1, UUID.class)) : Optional.empty();
            }
        }
    }

    /** Fingerprints of the open findings about these subjects, in one order for all who lock them one after the other. */
    List<String> openAbout(Connection connection, ProjectId project, Collection<UUID> subjects) throws SQLException {
        try (var select = connection.prepareStatement("""
                select fingerprint from finding.finding where project_id = ? and state = 'OPEN' and subject_id = any (?)
                 order by fingerprint
                """)) {
            select.setObject(1, project.value());
            select.setArray(2, connection.createArrayOf("uuid", subjects.toArray()));
            List<String> fingerprints = new ArrayList<>();
            try (var row = select.executeQuery()) {
                while (row.next()) {
                    fingerprints.add(row.getString(1));
                }
            }
            return fingerprints;
        }
    }

    /** Leaves word for those who act on findings. */
    void tell(Connection connection, ProjectId project, String kind, UUID finding, Severity severity, Instant at)
            throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into finding.outbox (project_id, kind, subject_id, payload, at)
                values (?, ?, ?, jsonb_build_object('severity', ?::text), ?)
                """)) {
            insert.setObject(1, project.value());
            insert.setString(2, kind);
            insert.setObject(3, finding);
            insert.setString(4, severity.name());
            insert.setObject(5, at(at));
            insert.executeUpdate();
        }
    }

    List<Finding> list(
            Connection connection,
            ProjectId project,
            @Nullable Boolean open,
            @Nullable Severity severity,
            @Nullable UUID after,
            int most)
            throws SQLException {
        try (var select = connection.prepareStatement("""
                select id, fingerprint, subject_kind, subject_id, subject_name, severity, title, detail, remedy,
                       evidence::text, run_id, state = 'OPEN' as open, first_seen, last_seen, closed_at, seen
                  from finding.finding
                 where project_id = ?
                   and (?::text is null or state = ?)
                   and (?::text is null or severity = ?)
                   and (?::uuid is null or id < ?::uuid)
                 order by id desc
                 limit ?
                """)) {
            String state = open == null ? null : open ? "OPEN" : "CLOSED";
            String rank = severity == null ? null : severity.name();
            String last = after == null ? null : after.toString();
            select.setObject(1, project.value());
            select.setString(2, state);
            select.setString(3, state);
            select.setString(4, rank);
            select.setString(5, rank);
            select.setString(6, last);
            select.setString(7, last);
            select.setInt(8, most);
            List<Finding> findings = new ArrayList<>();
            try (var row = select.executeQuery()) {
                while (row.next()) {
                    findings.add(finding(row));
                }
            }
            return findings;
        }
    }

    private static Finding finding(ResultSet row) throws SQLException {
        return new Finding(
                row.getObject("id", UUID.class),
                new FindingReport(
                        row.getString("fingerprint"),
                        new Subject(
                                Subject.Kind.valueOf(row.getString("subject_kind")),
                                row.getObject("subject_id", UUID.class),
                                row.getString("subject_name")),
                        Severity.valueOf(row.getString("severity")),
                        row.getString("title"),
                        row.getString("detail"),
                        row.getString("remedy"),
                        json(row.getString("evidence")),
                        row.getObject("run_id", UUID.class)),
                row.getBoolean("open"),
                row.getObject("first_seen", OffsetDateTime.class).toInstant(),
                row.getObject("last_seen", OffsetDateTime.class).toInstant(),
                instant(row.getObject("closed_at", OffsetDateTime.class)),
                row.getInt("seen"));
    }

    private static JsonObject json(String text) {
        try (var reader = Json.createReader(new StringReader(text))) {
            return reader.readObject();
        }
    }

    private static @Nullable Instant instant(@Nullable OffsetDateTime at) {
        return at == null ? null : at.toInstant();
    }

    private static OffsetDateTime at(Instant instant) {
        return instant.atOffset(ZoneOffset.UTC);
    }
}
