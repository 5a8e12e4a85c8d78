package dev.nightshift.backup.take;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.NotIncremental;
import dev.nightshift.testing.Postgres;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CancellationException;
import org.junit.jupiter.api.Test;

class TruncationGuardTest {
    private static final String SLOT = "nightshift_here";
    private static final Lsn START = Lsn.parse("0/1000028");

    @Test
    void aRoleThatMayNotReadTheSummariesIsToldTheGrantThatLetsIt() throws Exception {
        try (Postgres server = started()) {
            server.execute(
                    "postgres",
                    "create role \"night watch\" login password 'secret'",
                    "revoke execute on function pg_available_wal_summaries() from public",
                    "revoke execute on function pg_wal_summary_contents(bigint, pg_lsn, pg_lsn) from public");
            TruncationGuard guard = guard(server, "night watch", () -> {});
            String refused =
                    assertThrows(NotIncremental.class, guard::lookBefore).getMessage();
            assertTrue(refused.contains("; in database \"postgres\": GRANT EXECUTE ON FUNCTION "), refused);
            server.execute("postgres", refused.substring(refused.indexOf("GRANT ")));
            guard.lookBefore();
            NotIncremental gap = assertThrows(NotIncremental.class, () -> guard.started(Lsn.parse("0/FFFFFFFF")));
            assertTrue(gap.getMessage().contains("are incomplete"), gap.getMessage());
        }
    }

    @Test
    void aServerThatIsAwayIsTriedAgainUntilThatIsInVain() throws Exception {
        try (Postgres server = started()) {
            List<String> notes = new ArrayList<>();
            TruncationGuard guard = new TruncationGuard(
                    endpoint(server, server.user(), server.password()), base(), SLOT, notes::add, () -> {
                        if (!notes.isEmpty()) {
                            throw new CancellationException("enough");
                        }
                    });
            guard.lookBefore();
            assertEquals(List.of(), notes);
            server.kill();
            assertThrows(CancellationException.class, guard::lookBefore);
            assertEquals(1, notes.size());
            assertTrue(notes.get(0).startsWith("Reading the summaries of the log broke off: "), notes.get(0));
        }
    }

    private static Postgres started() throws SQLException {
        Postgres server =
                Postgres.start(18, Map.of("wal_level", "replica", "summarize_wal", "on", "autovacuum", "off"));
        server.execute("postgres", "select pg_create_physical_replication_slot('" + SLOT + "', true)");
        return server;
    }

    private static TruncationGuard guard(Postgres server, String user, Runnable goOn) {
        return new TruncationGuard(endpoint(server, user, "secret"), base(), SLOT, note -> {}, goOn);
    }

    private static Endpoint endpoint(Postgres server, String user, String password) {
        return Endpoint.local(server.port(), "postgres", user, () -> password);
    }

    private static Increment.Base base() {
        return new Increment.Base(new UUID(1, 2), START, 1, true, () -> new byte[0]);
    }
}
