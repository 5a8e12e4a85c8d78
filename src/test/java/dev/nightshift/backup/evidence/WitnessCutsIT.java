package dev.nightshift.backup.evidence;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Clock;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.harness.CuttingProxy;
import dev.nightshift.testing.harness.Fixture;
import dev.nightshift.testing.harness.Inventory;
import dev.nightshift.testing.harness.Journal;
import dev.nightshift.testing.harness.Seed;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.RepeatedTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Connections break, and transactions stay open, while the evidence of rows is taken. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class WitnessCutsIT {
    /** About what the evidence of both databases takes on the wire. */
    private static final long EVIDENCE_BYTES = 60_000;

    private static final String SESSIONS =
            "select count(*) from pg_stat_activity where application_name like 'nightshift%'";
    private static final String SLOTS = "select count(*) from pg_replication_slots";

    private final Random random = Seed.of("WitnessCutsIT");
    private List<String> notes = List.of();
    private Fixture fixture;
    private CuttingProxy proxy;

    @BeforeAll
    void aSource(@TempDir Path folder) throws Exception {
        fixture = Fixture.start(18, Map.of("wal_level", "logical"), folder);
    }

    @AfterAll
    void stop() {
        fixture.close();
    }

    @BeforeEach
    void aBadNetwork() {
        notes = Collections.synchronizedList(new ArrayList<>());
        proxy = CuttingProxy.to(fixture.server().port(), new Random(random.nextLong()));
    }

    @AfterEach
    void repaired() {
        proxy.close();
    }

    /** What the rows of the evidence are is judged by those who wrote them. */
    @RepeatedTest(6)
    void whatBreaksIsMeasuredAnewAtAPositionOfItsOwn() throws Exception {
        fixture.server().execute(Fixture.SHOP, "drop table if exists journal");
        Journal journal = Journal.start(fixture.server(), Fixture.SHOP, 2);
        Witness witness;
        Lsn afterwards;
        try (journal) {
            journal.awaitMore(20);
            witness = cutWhileItMeasures();
            afterwards = Lsn.parse(fixture.text(Fixture.SHOP, "select pg_current_wal_insert_lsn()"));
            journal.awaitMore(20);
            witness.after(() -> {});
        }
        proxy.cut(0, EVIDENCE_BYTES);
        List<Evidence> evidence = witness.evidence();
        assertEquals(
                List.of(Fixture.SHOP, Fixture.IDLE),
                evidence.stream().map(Evidence::database).toList(),
                notes::toString);
        for (Evidence each : evidence) {
            assertTrue(each.position() != null && each.position().compareTo(afterwards) <= 0, notes::toString);
        }
        Lsn position = Objects.requireNonNull(evidence.get(0).position());
        long rows = evidence.get(0).measured().stream()
                .filter(each -> each.name().equals("public.journal"))
                .findFirst()
                .orElseThrow(() -> new AssertionError(evidence.get(0).uncovered()))
                .rows();
        assertAll(
                () -> assertTrue(
                        journal.mustBeThere(position).size() <= rows, rows + " rows at " + position + ": " + notes),
                () -> assertTrue(
                        rows
                                <= journal.entries().size()
                                        - journal.mustNotBeThere(position).size(),
                        rows + " rows at " + position + ": " + notes),
                () -> assertFalse(proxy.cuts().isEmpty(), "nothing was cut"),
                () -> assertTrue(
                        notes.stream().anyMatch(note -> note.contains(" broke off: ") && note.contains("of 5 tries)")),
                        notes::toString),
                this::nothingStays);
    }

    /** The random bytes may lie behind all that flows; then nearer ones are chosen. */
    private Witness cutWhileItMeasures() {
        for (long within = EVIDENCE_BYTES; ; within = Math.max(1, within / 2)) {
            notes.clear();
            Witness witness = witness(Duration.ofSeconds(30));
            proxy.cut(3, within);
            witness.before(() -> {});
            if (!proxy.cuts().isEmpty()) {
                return witness;
            }
            proxy.cut(0, within);
            witness.after(() -> {});
        }
    }

    /** A server that waits does not look whether its client is still there. */
    @Test
    void aSlotThatWaitsForATransactionIsGoneBeforeTheNextIsMade() throws Exception {
        Witness witness = witness(Duration.ofSeconds(60));
        int most = 0;
        try (Connection other = fixture.server().connect(Fixture.SHOP);
                Statement open = other.createStatement()) {
            other.setAutoCommit(false);
            open.execute("update account set balance = balance + 1 where id = 1");
            CompletableFuture<Void> measuring = CompletableFuture.runAsync(() -> witness.before(() -> {}));
            String first = awaitSlot();
            proxy.cutNow();
            String second = first;
            while (second.equals(first)) {
                List<String> slots = Inventory.slots(fixture.server());
                most = Math.max(most, slots.size());
                second = slots.isEmpty() ? first : slots.get(slots.size() - 1);
                assertFalse(measuring.isDone(), notes::toString);
                Eventually.sleep(Duration.ofMillis(5));
            }
            most = Math.max(most, Inventory.slots(fixture.server()).size());
            other.commit();
            measuring.join();
        }
        assertEquals(1, most, "slots at a time");
        assertTrue(
                witness.evidence().size() == 2 && witness.evidence().stream().allMatch(each -> each.position() != null),
                notes::toString);
        nothingStays();
    }

    @Test
    void aServerThatStaysAwayIsTriedFiveTimesAndTheReasonNoted() throws Exception {
        Witness witness = witness(Duration.ofSeconds(60));
        proxy.cut(Integer.MAX_VALUE, 100);
        witness.before(() -> {});
        proxy.cut(0, 100);
        assertAll(
                () -> assertEquals(List.of(), witness.evidence()),
                () -> assertEquals(
                        8,
                        notes.stream()
                                .filter(note -> note.contains(" broke off: "))
                                .count(),
                        notes::toString),
                () -> assertEquals(
                        2,
                        notes.stream()
                                .filter(note -> note.startsWith("No evidence of rows was taken in database "))
                                .count(),
                        notes::toString));
        nothingStays();
    }

    @Test
    void whatIsRefusedIsNotTriedAgain() throws Exception {
        Witness witness = new Witness(
                Endpoint.local(fixture.server().port(), "postgres", Fixture.KEEPER, () -> Fixture.KEEPERS_PASSWORD),
                List.of("nowhere"),
                Budget.STANDARD,
                Clock.system(),
                notes::add);
        witness.before(() -> {});
        assertEquals(
                List.of(
                        "No evidence of rows was taken in database nowhere: database \"nowhere\" does not exist (3D000)."),
                notes);
    }

    @Test
    void aTransactionThatStaysPreparedIsSeenBeforehandAndNamed() throws Exception {
        fixture.prepareTransaction();
        try {
            Eventually.sleep(Duration.ofSeconds(6));
            long from = System.nanoTime();
            Witness witness = witness(Duration.ofSeconds(60));
            witness.before(() -> {});
            Duration took = Duration.ofNanos(System.nanoTime() - from);
            assertAll(
                    () -> assertTrue(took.toSeconds() < 20, took + ": " + notes),
                    () -> assertEquals(2, notes.size(), notes::toString),
                    () -> assertTrue(
                            notes.get(0)
                                    .matches(
                                            "Database shop is measured before and after the restore point, because no snapshot"
                                                    + " of a known position could be had: the transaction that was prepared as"
                                                    + " open \"end\" in database shop at [-0-9]{10} [:0-9]{8} UTC is neither"
                                                    + " committed nor rolled back\\."),
                            notes::toString),
                    () -> assertTrue(
                            witness.evidence().stream().allMatch(each -> each.position() == null), notes::toString),
                    this::nothingStays);
        } finally {
            fixture.server().execute(Fixture.SHOP, "rollback prepared '" + Fixture.PREPARED + "'");
        }
    }

    /** With a patience of a second, ten seconds are long. */
    @Test
    void aTransactionThatIsOpenForLongIsSeenBeforehandByARoleThatMay() throws Exception {
        Postgres server = fixture.server();
        server.execute("postgres", "grant pg_read_all_stats to keeper");
        try (Connection other = server.connect(Fixture.IDLE);
                Statement open = other.createStatement()) {
            other.setAutoCommit(false);
            open.execute("create table slow ()");
            Eventually.sleep(Duration.ofSeconds(11));
            witness(Duration.ofSeconds(1)).before(() -> {});
            other.rollback();
        } finally {
            server.execute("postgres", "revoke pg_read_all_stats from keeper");
        }
        assertEquals(2, notes.size(), notes::toString);
        for (String note : notes) {
            assertTrue(
                    note.contains("a transaction of role postgres in database Idle \"DB\" has been open since "), note);
        }
    }

    private Witness witness(Duration patience) {
        return new Witness(
                Endpoint.local(proxy.port(), "postgres", Fixture.KEEPER, () -> Fixture.KEEPERS_PASSWORD),
                List.of(Fixture.SHOP, Fixture.IDLE),
                new Budget(patience, Duration.ofMinutes(2), Duration.ofMinutes(5), 1L << 30, 1L << 30),
                Clock.system(),
                notes::add);
    }

    private String awaitSlot() {
        Eventually.isTrue(
                "a slot",
                Duration.ofSeconds(30),
                () -> !Inventory.slots(fixture.server()).isEmpty());
        return Inventory.slots(fixture.server()).get(0);
    }

    private void nothingStays() throws SQLException {
        assertEquals("0", fixture.text("postgres", SLOTS), "slots");
        Eventually.isTrue("the end of all sessions", Duration.ofSeconds(10), () -> {
            try {
                return fixture.text("postgres", SESSIONS).equals("0");
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
