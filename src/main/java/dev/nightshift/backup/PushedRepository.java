package dev.nightshift.backup;

import dev.nightshift.postgres.Lsn;
import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.OffsetDateTime;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The stretches of an archive that is pushed: files may come again, to two nodes at once, or late. Within the transaction whose
 * connection is passed.
 */
@ApplicationScoped
class PushedRepository {
    /** A stretch, and why log is missing before it. */
    record Row(long id, @Nullable String gap) {}

    /** A segment in whose place the archive may hold another server's. */
    record Doubtful(int timeline, Lsn from) {}

    /** A stretch of a later timeline, where it begins. */
    record Later(long id, int timeline, Lsn from) {}

    /** One transaction after the other changes the stretches of an instance. */
    void lock(Connection connection, UUID instance) throws SQLException {
        try (var query =
                connection.prepareStatement("select from backup.wal_service where instance_id = ? for update")) {
            query.setObject(1, instance);
            query.executeQuery().close();
        }
    }

    /**
     * A push was refused, and whose it is is asked: until that is {@link #known} no time counts, for five minutes at most.
     *
     * @return what to call the doubt by then
     */
    OffsetDateTime doubt(Connection connection, UUID instance) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.wal_service
                   set doubts = array(select d from unnest(doubts) d where d > now() - interval '5 minutes')
                                || clock_timestamp()
                 where instance_id = ?
                returning doubts[cardinality(doubts)]
                """)) {
            update.setObject(1, instance);
            try (var row = update.executeQuery()) {
                row.next();
                return row.getObject(1, OffsetDateTime.class);
            }
        }
    }

    /** It is known of this one. */
    void known(Connection connection, UUID instance, OffsetDateTime doubt) throws SQLException {
        try (var update = connection.prepareStatement(
                "update backup.wal_service set doubts = array_remove(doubts, ?) where instance_id = ?")) {
            update.setObject(1, doubt);
            update.setObject(2, instance);
            update.executeUpdate();
        }
    }

    /** Whether the archive of a stretch may hold another server's log. */
    boolean isInDoubt(Connection connection, long stretch) throws SQLException {
        try (var query = connection.prepareStatement("""
                select from backup.wal_stretch t join backup.wal_service s on s.archive_id = t.archive_id
                 where t.id = ? and (s.refused_timeline is not null
                                  or exists (select from unnest(s.doubts) d where d > now() - interval '5 minutes'))
                """)) {
            query.setLong(1, stretch);
            try (var row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    /** From now on it fails, until it is settled whose this segment is: the first such one counts. */
    void refused(Connection connection, UUID instance, int timeline, Lsn from) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.wal_service set refused_timeline = ?, refused_from = ?::pg_lsn, refused_again = false
                 where instance_id = ? and enabled and refused_timeline is null
                """)) {
            update.setInt(1, timeline);
            update.setString(2, from.toString());
            update.setObject(3, instance);
            update.executeUpdate();
        }
    }

    /** Another server's push was refused. */
    void stranger(Connection connection, UUID instance) throws SQLException {
        try (var update = connection.prepareStatement(
                "update backup.wal_service set stranger_at = now() where instance_id = ? and enabled")) {
            update.setObject(1, instance);
            update.executeUpdate();
        }
    }

    /** Whether one was, and none is any more: an archiver tries again every minute. True once. */
    boolean isQuiet(Connection connection, UUID instance) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.wal_service set stranger_at = null
                 where instance_id = ? and stranger_at < now() - interval '15 minutes'
                """)) {
            update.setObject(1, instance);
            return update.executeUpdate() > 0;
        }
    }

    /** A segment was pushed that is the archive's: by whom is not known. */
    void again(Connection connection, UUID instance, int timeline, Lsn from) throws SQLException {
        change(connection, "refused_again = true", instance, timeline, from);
    }

    /** The segment that is in doubt, if it was pushed since as the archive has it. */
    Optional<Doubtful> pushedAgain(Connection connection, UUID instance) throws SQLException {
        try (var query = connection.prepareStatement("""
                select refused_timeline, refused_from from backup.wal_service
                 where instance_id = ? and refused_again and refused_timeline is not null
                """)) {
            query.setObject(1, instance);
            try (var row = query.executeQuery()) {
                return row.next()
                        ? Optional.of(new Doubtful(row.getInt(1), Lsn.parse(row.getString(2))))
                        : Optional.empty();
            }
        }
    }

    /** The server itself has this segment as the archive has it. */
    void settled(Connection connection, UUID instance, int timeline, Lsn from) throws SQLException {
        change(connection, "refused_timeline = null, refused_from = null", instance, timeline, from);
    }

    private static void change(Connection connection, String how, UUID instance, int timeline, Lsn from)
            throws SQLException {
        try (var update = connection.prepareStatement("update backup.wal_service set " + how
                + " where instance_id = ? and refused_timeline = ? and refused_from = ?::pg_lsn")) {
            update.setObject(1, instance);
            update.setInt(2, timeline);
            update.setString(3, from.toString());
            update.executeUpdate();
        }
    }

    /** Whether an archive holds any log of this timeline between the two. */
    boolean holdsSome(Connection connection, UUID archive, int timeline, Lsn from, Lsn to) throws SQLException {
        try (var query = connection.prepareStatement("""
                select from backup.wal_stretch
                 where archive_id = ? and timeline = ? and from_lsn < ?::pg_lsn and to_lsn > ?::pg_lsn limit 1
                """)) {
            query.setObject(1, archive);
            query.setInt(2, timeline);
            query.setString(3, to.toString());
            query.setString(4, from.toString());
            try (var row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    /** The stretch that holds all up to this position, or more. */
    Optional<Row> upTo(Connection connection, UUID archive, int timeline, Lsn position) throws SQLException {
        return one(
                connection,
                "from_lsn <= ?::pg_lsn and to_lsn >= ?::pg_lsn order by id desc",
                archive,
                timeline,
                position,
                position);
    }

    /** The stretch that begins at this position. */
    Optional<Row> from(Connection connection, UUID archive, int timeline, Lsn position) throws SQLException {
        return one(
                connection,
                "from_lsn = ?::pg_lsn and to_lsn >= ?::pg_lsn order by id desc",
                archive,
                timeline,
                position,
                position);
    }

    private static Optional<Row> one(
            Connection connection, String condition, UUID archive, int timeline, Lsn one, Lsn other)
            throws SQLException {
        try (var query = connection.prepareStatement(
                "select id, gap from backup.wal_stretch where archive_id = ? and timeline = ? and " + condition
                        + " limit 1")) {
            query.setObject(1, archive);
            query.setInt(2, timeline);
            query.setString(3, one.toString());
            query.setString(4, other.toString());
            try (var row = query.executeQuery()) {
                return row.next() ? Optional.of(new Row(row.getLong(1), row.getString(2))) : Optional.empty();
            }
        }
    }

    /** A stretch reaches from here to there, or further; an object of no bytes was counted before. */
    void reach(Connection connection, long stretch, Lsn from, Lsn to, long objectBytes) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.wal_stretch
                   set from_lsn = least(from_lsn, ?::pg_lsn), to_lsn = greatest(to_lsn, ?::pg_lsn),
                       objects = objects + case when ? > 0 then 1 else 0 end, bytes = bytes + ?
                 where id = ?
                """)) {
            update.setString(1, from.toString());
            update.setString(2, to.toString());
            update.setLong(3, objectBytes);
            update.setLong(4, objectBytes);
            update.setLong(5, stretch);
            update.executeUpdate();
        }
    }

    /** The first stretch of a later timeline, if log is missing before it. */
    Optional<Later> later(Connection connection, UUID archive, int timeline) throws SQLException {
        try (var query = connection.prepareStatement("""
                select id, timeline, from_lsn, gap from backup.wal_stretch where archive_id = ? and timeline > ?
                 order by timeline, from_lsn limit 1
                """)) {
            query.setObject(1, archive);
            query.setInt(2, timeline);
            try (var row = query.executeQuery()) {
                return row.next() && row.getString(4) != null
                        ? Optional.of(new Later(row.getLong(1), row.getInt(2), Lsn.parse(row.getString(3))))
                        : Optional.empty();
            }
        }
    }

    /** Up to where the stretch comes that holds the log before this position. */
    Optional<Lsn> end(Connection connection, UUID archive, int timeline, Lsn position) throws SQLException {
        try (var query = connection.prepareStatement("""
                select max(to_lsn) from backup.wal_stretch
                 where archive_id = ? and timeline = ? and from_lsn < ?::pg_lsn and to_lsn >= ?::pg_lsn
                """)) {
            query.setObject(1, archive);
            query.setInt(2, timeline);
            query.setString(3, position.toString());
            query.setString(4, position.toString());
            try (var row = query.executeQuery()) {
                return row.next() ? Optional.ofNullable(row.getString(1)).map(Lsn::parse) : Optional.empty();
            }
        }
    }

    /** Nothing is missing before a stretch any more. */
    void follows(Connection connection, long stretch) throws SQLException {
        try (var update = connection.prepareStatement("update backup.wal_stretch set gap = null where id = ?")) {
            update.setLong(1, stretch);
            update.executeUpdate();
        }
    }

    /** Whether log is missing before any stretch of the instance's archives, but for those that ended. */
    boolean hasGap(Connection connection, UUID instance) throws SQLException {
        try (var query = connection.prepareStatement("""
                select from backup.wal_stretch t join backup.wal_archive a on a.id = t.archive_id
                 where a.instance_id = ? and a.ended_because is null and t.gap is not null limit 1
                """)) {
            query.setObject(1, instance);
            try (var row = query.executeQuery()) {
                return row.next();
            }
        }
    }

    /** What was missing between the two has come: the later one, which may be the newest of all, is both from now on. */
    void join(Connection connection, long earlier, long later) throws SQLException {
        try (var update = connection.prepareStatement("""
                        update backup.wal_stretch l
                           set from_lsn = e.from_lsn, to_lsn = greatest(l.to_lsn, e.to_lsn), objects = l.objects + e.objects,
                               bytes = l.bytes + e.bytes, begun_at = least(l.begun_at, e.begun_at),
                               covered_to = greatest(l.covered_to, e.covered_to), gap = e.gap
                          from backup.wal_stretch e where e.id = ? and l.id = ?
                        """);
                var delete = connection.prepareStatement("delete from backup.wal_stretch where id = ?")) {
            update.setLong(1, earlier);
            update.setLong(2, later);
            update.executeUpdate();
            delete.setLong(1, earlier);
            delete.executeUpdate();
        }
    }
}
