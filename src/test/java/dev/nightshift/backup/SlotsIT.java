package dev.nightshift.backup;

import static dev.nightshift.testing.TestArchive.fill;
import static dev.nightshift.testing.TestArchive.on;
import static dev.nightshift.testing.TestArchive.refuseReplication;
import static dev.nightshift.testing.TestArchive.text;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.ReplicationSession;
import dev.nightshift.postgres.WalSink;
import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.InputStream;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.parallel.Execution;
import org.junit.jupiter.api.parallel.ExecutionMode;

/** What slots keep on a server is seen in time: by those that nobody owns, and by that of an archive that is stuck. */
@Tag("thorough")
class SlotsIT {
    private static final Duration SOON = Duration.ofSeconds(90);

    private final Nightshift nightshift = Nightshift.shared();

    @Test
    void slotsThatNobodyArchivesFromAreNamedAndDroppedByWord() throws Exception {
        String lost = WalService.slot(UUID.randomUUID());
        String others = WalService.slot(UUID.randomUUID());
        try (Postgres source = Postgres.start(18, Map.of("max_wal_senders", "6", "max_replication_slots", "8"))) {
            makeSlot(source, lost);
            makeSlot(source, others);
            makeSlot(source, "nightshift_wal_standby");
            TestProject project = TestProject.create(nightshift.admin(), "left-slots");
            TestProject.create(nightshift.admin(), "no-slots");
            TestArchive archive = new TestArchive(project, "left");
            try (Streaming streaming = new Streaming(source, others)) {
                project.register("left", source, "postgres");
                archive.change(on());
                archive.awaitState("STREAMING");
                JsonObject finding =
                        Eventually.get("the finding", SOON, () -> archive.finding("a slot that nobody takes it from"));
                assertAll(
                        () -> assertTrue(finding.getString("title").contains(lost), finding::toString),
                        () -> assertTrue(finding.getString("detail").contains(lost), finding::toString),
                        () -> assertTrue(finding.getString("detail").matches("(?s).* keeps [\\d.]+ [kMG]?B of log.*")),
                        () -> assertTrue(finding.getString("remedy").contains("slots/" + lost), finding::toString),
                        () -> assertEquals("WARNING", finding.getString("severity")));
                assertEquals(1, findings(project), "the one that is streamed from is somebody's");
                assertRefused(project, lost, others, archive.wal().getString("slot"));
                assertTrue(streaming.goesOn(), "what was refused did no harm");
            }
            String left = path(project, lost);
            project.api().delete(left).expect(204);
            assertEquals(Optional.empty(), archive.finding(lost));
            assertEquals("0", count(source, lost));
            project.api().delete(left).expect(404);

            // Its instance is known here, and done with it
            String own = archive.wal().getString("slot");
            archive.off();
            makeSlot(source, own);
            project.api().delete(path(project, own)).expect(204);
            // Its log is archived, but pushed
            archive.change(on().add("method", "PUSH"));
            makeSlot(source, own);
            project.api().delete(path(project, own)).expect(204);
            archive.off();
            Eventually.isTrue("nobody streams", SOON, () -> {
                Api.Answer dropped = project.api().delete(path(project, others));
                return dropped.status() == 204;
            });
            assertEquals("0", count(source, own));
            assertEquals("0", count(source, others));
            assertEquals("1", count(source, "nightshift_wal_standby"), "not one of Nightshift's names");
            assertEquals(0, findings(project));
            String audit = project.api().get("api/audit?limit=20").expect(200).body();
            assertTrue(audit.contains("slot.drop"), audit);
        }
    }

    /** As a primary leaves it that comes back as a standby. */
    @Test
    void oneThatIsLeftOnAnotherMemberIsNamedAndDroppedThere() throws Exception {
        String lost = WalService.slot(UUID.randomUUID());
        Map<String, String> settings =
                Map.of("max_wal_senders", "6", "max_replication_slots", "8", "wal_keep_size", "1GB");
        try (Postgres source = Postgres.start(15, settings);
                Postgres standby = source.standby(settings)) {
            makeSlot(standby, lost);
            TestProject project = TestProject.create(nightshift.admin(), "left-on-member");
            String member = standby.address();
            // With its members from the first look at it on: the next one is a quarter of an hour later
            project.registerCluster("left", source, member);
            TestArchive archive = new TestArchive(project, "left");
            archive.change(on());
            archive.awaitState("STREAMING");
            JsonObject finding =
                    Eventually.get("the finding", SOON, () -> archive.finding("a slot that nobody takes it from"));
            assertTrue(
                    finding.getString("title").startsWith("left on its member " + member + " keeps log"),
                    finding::toString);
            assertTrue(finding.getString("remedy").contains(lost + "&member=" + member), finding::toString);
            project.api().delete(path(project, lost)).expect(404);
            Api.Answer unknown = project.api().delete(path(project, lost) + "&member=elsewhere:5432");
            assertEquals("member", unknown.expect(400).object().getString("field"));
            project.api().delete(path(project, lost) + "&member=" + member).expect(204);
            assertEquals("0", count(standby, lost));
            assertEquals(0, findings(project));
            String own = archive.wal().getString("slot");
            String primary = source.address();
            project.api().delete(path(project, own) + "&member=" + primary).expect(409);
            archive.off();
        }
    }

    private void assertRefused(TestProject project, String lost, String streamed, String own) {
        Api operator = Accounts.key(nightshift, "left-slots", "OPERATOR");
        Api stranger = Accounts.key(nightshift, "no-slots", "ADMIN");
        Api admin = Accounts.key(nightshift, "left-slots", "ADMIN");
        assertAll(
                () -> operator.delete(path(project, lost)).expect(403),
                () -> assertFalse(stranger.delete(path(project, lost)).status() < 400),
                () -> stranger.delete("api/projects/no-slots/instances/left/slots/" + lost + "?confirm=" + lost)
                        .expect(404),
                () -> admin.delete(project.path("instances/left/slots/" + lost)).expect(400),
                () -> admin.delete(path(project, WalService.slot(UUID.randomUUID())))
                        .expect(404),
                () -> admin.delete(path(project, "nightshift_wal_standby")).expect(404),
                () -> assertTrue(
                        admin.delete(path(project, streamed)).expect(409).body().contains("Somebody streams")),
                () -> assertTrue(
                        admin.delete(path(project, own)).expect(409).body().contains("is archived by the slot")));
    }

    private static String path(TestProject project, String slot) {
        return project.path("instances/left/slots/" + slot + "?confirm=" + slot);
    }

    private static long findings(TestProject project) {
        return project.api().get(project.path("findings?state=OPEN&limit=100")).expect(200).items().stream()
                .filter(each -> each.getString("title").contains("nobody takes it from"))
                .count();
    }

    private static void makeSlot(Postgres source, String name) throws Exception {
        source.execute("postgres", "select pg_create_physical_replication_slot('" + name + "', true)");
    }

    private static String count(Postgres source, String slot) throws Exception {
        return text(source, "select count(*)::text from pg_replication_slots where slot_name = '" + slot + "'");
    }

    /** Another installation, as the server sees it. */
    private static final class Streaming implements AutoCloseable {
        private final ReplicationSession session;
        private final CompletableFuture<Void> running;

        Streaming(Postgres source, String slot) throws Exception {
            session =
                    ReplicationSession.open(Endpoint.local(source.port(), "postgres", source.user(), source::password));
            int timeline = session.identify().timeline();
            Lsn start = session.ensureSlot(slot).segmentStart(16 << 20);
            running = CompletableFuture.runAsync(() -> session.streamWal(slot, start, timeline, new Dropping(start)));
            Eventually.isTrue("it streams", SOON, () -> {
                try {
                    return text(
                                    source,
                                    "select active::text from pg_replication_slots where slot_name = '" + slot + "'")
                            .equals("true");
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            });
        }

        boolean goesOn() {
            return !running.isDone();
        }

        @Override
        public void close() {
            session.abort();
            running.handle((done, cut) -> cut != null)
                    .orTimeout(30, TimeUnit.SECONDS)
                    .join();
            session.close();
        }
    }

    /** Takes all there is, for ever. */
    private static final class Dropping implements WalSink {
        private volatile Lsn at;

        Dropping(Lsn start) {
            at = start;
        }

        @Override
        public void write(Lsn position, InputStream in, int length) throws IOException {
            in.skipNBytes(length);
            at = position.plus(length);
        }

        @Override
        public Lsn flushed() {
            return at;
        }

        @Override
        public boolean complete() {
            return false;
        }
    }

    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void anArchiveThatIsStuckIsSaidBeforeTheServerGivesItsLogUpAndTheGapAfterwards() throws Exception {
        try (Postgres source = Postgres.start(
                17,
                Map.of(
                        "max_wal_senders",
                        "6",
                        "max_replication_slots",
                        "6",
                        "max_wal_size",
                        "64MB",
                        "min_wal_size",
                        "32MB",
                        "max_slot_wal_keep_size",
                        "128MB"))) {
            source.execute("postgres", "create role archiver login replication superuser password 'secret'");
            TestProject project = TestProject.create(nightshift.admin(), "slot-alarms");
            project.register("stuck", source, "postgres", "archiver", "secret");
            TestArchive archive = new TestArchive(project, "stuck");
            archive.change(on().add("retainedLimitBytes", 64 << 20).add("rpoGoalSeconds", 30));
            archive.awaitState("STREAMING");
            archive.awaitCovered();
            refuseReplication(source, true);
            fill(source, "much", 5);
            JsonObject much = Eventually.get("much log", SOON, () -> archive.finding("keeps much log for its archive"));
            JsonObject late = Eventually.get("too late", SOON, () -> archive.finding("is archived too late"));
            assertAll(
                    () -> assertEquals("CRITICAL", much.getString("severity")),
                    () -> assertTrue(much.getString("detail").contains("the limit is 67.1 MB"), much::toString),
                    () -> assertTrue(late.getString("detail").contains("The goal is 30 s."), late::toString),
                    () -> assertEquals("FAILING", archive.wal().getString("state")),
                    () -> assertTrue(
                            archive.wal().getJsonNumber("retainedBytes").longValue() > 64 << 20, "it is not given up"));

            fill(source, "more", 5);
            Eventually.isTrue("the server gives it up", SOON, () -> lost(source));
            JsonObject lost = Eventually.get("it is said", SOON, () -> archive.finding("gave up the slot"));
            assertTrue(lost.getString("detail").contains("may be missing from the archive"), lost::toString);
            assertEquals(Optional.empty(), archive.finding("has a gap"), "that is not known yet");
            refuseReplication(source, false);
            archive.hurry();
            archive.awaitState("STREAMING");
            Eventually.get("the gap", SOON, () -> archive.finding("has a gap"));
            assertTrue(
                    archive.newest().getString("gap").contains("had removed the log after"),
                    () -> archive.wal().toString());
            archive.awaitCovered();
            Eventually.isTrue(
                    "the alarms are over",
                    SOON,
                    () -> archive.finding("keeps much log").isEmpty()
                            && archive.finding("gave up the slot").isEmpty()
                            && archive.finding("too late").isEmpty());
            archive.off();
        }
    }

    private static boolean lost(Postgres source) {
        try {
            source.execute("postgres", "checkpoint");
            return text(source, "select wal_status from pg_replication_slots").equals("lost");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** PostgreSQL 18 can do that, and still tells a position of such a slot. */
    @Test
    @Execution(ExecutionMode.CONCURRENT)
    void aSlotThatNobodyCameForTooLongIsMadeAnewWithoutAGapWhereTheLogIsThere() throws Exception {
        Map<String, String> settings = new TreeMap<>(TestArchive.KEEPS);
        settings.put("idle_replication_slot_timeout", "1s");
        try (Postgres source = Postgres.start(18, settings)) {
            source.execute("postgres", "create role archiver login replication superuser password 'secret'");
            TestProject project = TestProject.create(nightshift.admin(), "idle-slots");
            project.register("idle", source, "postgres", "archiver", "secret");
            TestArchive archive = new TestArchive(project, "idle");
            archive.change(on());
            archive.awaitState("STREAMING");
            archive.awaitCovered();
            refuseReplication(source, true);
            fill(source, "meanwhile", 2);
            Eventually.isTrue("the server gives it up", SOON, () -> lost(source));
            assertEquals("false", text(source, "select (restart_lsn is null)::text from pg_replication_slots"));
            refuseReplication(source, false);
            archive.hurry();
            archive.awaitState("STREAMING");
            archive.awaitCovered();
            assertEquals(
                    1,
                    archive.wal().getJsonArray("stretches").size(),
                    () -> archive.wal().toString());
            archive.off();
        }
    }
}
