package dev.nightshift.audit;

import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Types;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Reads the audit log, newest first. */
@ApplicationScoped
class Entries {
    @Inject
    private Transactions transactions;

    /** One thing that was done. */
    record Entry(
            UUID id,
            Instant at,
            String who,
            String kind,
            @Nullable String address,
            @Nullable String project,
            String action,
            String object,
            String details) {}

    /**
     * What to look for; null admits everything.
     *
     * @param before only entries older than this one
     * @param who exactly this name
     * @param object a part of the object's text, in either case
     * @param action how the action's name begins: a noun, or all of it
     * @param since from then on
     * @param until before then
     * @param most at most this many
     */
    record Filter(
            @Nullable UUID before,
            @Nullable String who,
            @Nullable String object,
            @Nullable String action,
            @Nullable Instant since,
            @Nullable Instant until,
            int most) {
        /** The same, but only what is older than that entry. */
        Filter before(UUID entry) {
            return new Filter(entry, who, object, action, since, until, most);
        }
    }

    /** Of one project: row level security sees to that. */
    List<Entry> of(ProjectId project, Filter filter) {
        return transactions.in(project, connection -> {
            try (var select = connection.prepareStatement("""
                    select e.id, e.at, e.who, e.who_kind, e.address, p.name, e.action, e.object, e.details::text
                      from audit.entry e left join fleet.project p on p.id = e.project_id
                     where (?::uuid is null or e.id < ?::uuid)
                       and (?::text is null or e.who = ?)
                       and (?::text is null or position(lower(?) in lower(e.object)) > 0)
                       and (?::text is null or starts_with(e.action, ?))
                       and (?::timestamptz is null or e.at >= ?::timestamptz)
                       and (?::timestamptz is null or e.at < ?::timestamptz)
                     order by e.id desc limit ?
                    """)) {
                select.setObject(1, filter.before());
                select.setObject(2, filter.before());
                select.setString(3, filter.who());
                select.setString(4, filter.who());
                select.setString(5, filter.object());
                select.setString(6, filter.object());
                select.setString(7, filter.action());
                select.setString(8, filter.action());
                select.setObject(9, utc(filter.since()), Types.TIMESTAMP_WITH_TIMEZONE);
                select.setObject(10, utc(filter.since()), Types.TIMESTAMP_WITH_TIMEZONE);
                select.setObject(11, utc(filter.until()), Types.TIMESTAMP_WITH_TIMEZONE);
                select.setObject(12, utc(filter.until()), Types.TIMESTAMP_WITH_TIMEZONE);
                select.setInt(13, filter.most());
                return read(select);
            }
        });
    }

    /** Of all projects and of the installation; the caller must have been checked. */
    List<Entry> all(Filter filter) {
        return transactions.installation(connection -> {
            try (var select = connection.prepareStatement("""
                    select e.id, e.at, e.who, e.who_kind, e.address, p.name, e.action, e.object, e.details::text
                      from audit.matching_entries(?, ?, ?, ?, ?, ?, ?) e left join fleet.project p on p.id = e.project_id
                     order by e.id desc
                    """)) {
                select.setObject(1, filter.before());
                select.setString(2, filter.who());
                select.setString(3, filter.object());
                select.setString(4, filter.action());
                select.setObject(5, utc(filter.since()), Types.TIMESTAMP_WITH_TIMEZONE);
                select.setObject(6, utc(filter.until()), Types.TIMESTAMP_WITH_TIMEZONE);
                select.setInt(7, filter.most());
                return read(select);
            }
        });
    }

    private static @Nullable OffsetDateTime utc(@Nullable Instant at) {
        return at == null ? null : at.atOffset(ZoneOffset.UTC);
    }

    private static List<Entry> read(PreparedStatement select) throws SQLException {
        try (ResultSet rows = select.executeQuery()) {
            List<Entry> entries = new ArrayList<>();
            while (rows.next()) {
                entries.add(new Entry(
                        rows.getObject(1, UUID.class),
                        rows.getTimestamp(2).toInstant(),
                        rows.getString(3),
                        rows.getString(4),
                        rows.getString(5),
                        rows.getString(6),
                        rows.getString(7),
                        rows.getString(8),
                        rows.getString(9)));
            }
            return entries;
        }
    }
}
