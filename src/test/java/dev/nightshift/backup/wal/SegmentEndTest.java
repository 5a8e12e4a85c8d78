package dev.nightshift.backup.wal;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.nio.file.Files;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** With segments that PostgreSQL wrote. */
class SegmentEndTest {
    private static final int SEGMENT = 16 << 20;
    private static final int PAGE = 8192;

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void onlyOneThatTheServerIsDoneWithIsTaken(int major) throws Exception {
        try (Postgres server = Postgres.start(major, Map.of("autovacuum", "off", "wal_keep_size", "1GB"));
                Connection connection = server.connect("postgres")) {
            idle(server, connection);
            aSwitchAcrossPages(server, connection);
            busy(server, connection);
        }
    }

    private static void idle(Postgres server, Connection connection) throws Exception {
        text(connection, "select pg_switch_wal()::text");
        for (int i = 0; i < 3; i++) {
            emit(connection, 100 * i);
            Lsn to = position(connection);
            byte[] whole = switched(server, connection, to);
            takes(whole);
            refuses(whole, to);
            takes(crashedBehindItsSwitch(whole, to));
        }
    }

    /** As a crash leaves it that comes before the rest was emptied: what the file was before is there still, a half page of it, too. */
    private static byte[] crashedBehindItsSwitch(byte[] whole, Lsn to) {
        byte[] crashed = whole.clone();
        int end = (int) (to.value() - to.segmentStart(SEGMENT).value());
        int next = (end + PAGE - 1) / PAGE * PAGE;
        for (int page = next; page < SEGMENT; page += PAGE) {
            System.arraycopy(whole, 0, crashed, page, PAGE);
        }
        Arrays.fill(crashed, next - 512, next, (byte) 'b');
        return crashed;
    }

    /** The switch's record begins 0 to 48 bytes before a page ends. */
    private static void aSwitchAcrossPages(Postgres server, Connection connection) throws Exception {
        int met = 0;
        for (int before = 0; before <= 48; before += 8) {
            emit(connection, 10_000);
            emit(connection, 100);
            Lsn one = position(connection);
            emit(connection, 100);
            long overhead = position(connection).value() - one.value() - 100;
            long room = PAGE - inPage(position(connection)) - before - overhead;
            emit(connection, (int) (room > 0 ? room : room + PAGE - 24));
            Lsn to = position(connection);
            met += inPage(to) > PAGE - 56 || inPage(to) == 24 ? 1 : 0;
            byte[] whole = switched(server, connection, to);
            takes(whole);
            refuses(whole, to);
        }
        assertTrue(met >= 3, met + " were at a page's end");
    }

    private static void busy(Postgres server, Connection connection) throws Exception {
        Lsn begin = position(connection).segmentStart(SEGMENT);
        List<Lsn> ends = new ArrayList<>();
        while (position(connection).compareTo(begin.plus(SEGMENT)) < 0) {
            boolean soon = position(connection).compareTo(begin.plus(SEGMENT - 40_000)) > 0;
            emit(connection, soon ? 700 : 30_000);
            ends.add(position(connection));
        }
        switched(server, connection, position(connection)); // which writes all before
        byte[] whole = Files.readAllBytes(server.data().resolve("pg_wal/" + begin.segmentName(1, SEGMENT)));
        takes(whole);
        int inLastPage = 0;
        for (Lsn each : ends) {
            if (each.segmentStart(SEGMENT).equals(begin)) {
                refuses(whole, each);
                inLastPage += each.value() - begin.value() > SEGMENT - PAGE ? 1 : 0;
            }
        }
        assertTrue(inLastPage > 1, "in the last page");
        for (int end = PAGE; end < SEGMENT; end += 50 * PAGE) {
            refuses(whole, begin.plus(end)); // the server sends whole pages
        }
        refuses(whole, begin.plus(SEGMENT - PAGE));
        byte[] recycled = whole.clone();
        System.arraycopy(whole, 0, recycled, SEGMENT / 2, SEGMENT / 2);
        assertFalse(SegmentEnd.isReached(recycled), "pages of another segment");
    }

    private static void takes(byte[] segment) {
        assertEquals(SEGMENT, segment.length);
        assertTrue(SegmentEnd.isReached(segment));
    }

    /** As it is handed out while it is stored up to here. */
    private static void refuses(byte[] segment, Lsn to) {
        byte[] part = segment.clone();
        Arrays.fill(part, (int) (to.value() - to.segmentStart(SEGMENT).value()), SEGMENT, (byte) 0);
        assertFalse(SegmentEnd.isReached(part), () -> "up to " + to);
    }

    private static byte[] switched(Postgres server, Connection connection, Lsn in) throws SQLException, IOException {
        text(connection, "select pg_switch_wal()::text");
        return Files.readAllBytes(server.data().resolve("pg_wal/" + in.segmentName(1, SEGMENT)));
    }

    private static void emit(Connection connection, int bytes) throws SQLException {
        text(connection, "select pg_logical_emit_message(false, 'a', repeat('b', " + bytes + "))::text");
    }

    private static Lsn position(Connection connection) throws SQLException {
        return Lsn.parse(text(connection, "select pg_current_wal_insert_lsn()::text"));
    }

    private static long inPage(Lsn position) {
        return position.value() & (PAGE - 1);
    }

    private static String text(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }
}
