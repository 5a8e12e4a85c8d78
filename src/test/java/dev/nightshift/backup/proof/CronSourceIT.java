package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Drills of a source that acts by itself: pg_cron starts a job whenever its server starts, and each minute, which writes a row here
 * and there and runs a program; its log is archived, and it takes rows of a publisher.
 */
@Tag("thorough")
class CronSourceIT {
    private static final Path LIBRARY = Path.of("/usr/lib/postgresql/15/lib/pg_cron.so");
    private static final Duration LONGEST = Duration.ofSeconds(60);

    private final Path folder;
    private final Path archive;
    private final Path written;
    private final Drills drills;

    CronSourceIT(@TempDir Path folder) throws IOException {
        this.folder = folder;
        this.archive = Files.createDirectory(folder.resolve("archive"));
        this.written = folder.resolve("written");
        this.drills = new Drills(folder);
    }

    @BeforeAll
    static void isInstalled() {
        assertTrue(Files.exists(LIBRARY), LIBRARY + " is missing: .ci/run installs postgresql-15-cron.");
    }

    @Test
    void nothingOutsideChanges() throws Exception {
        try (Postgres publisher =
                        Postgres.start(Postgres.debian15(), Map.of("wal_level", "logical", "log_connections", "on"));
                Postgres source = Postgres.start(Postgres.debian15(), settings())) {
            String reach = "host=127.0.0.1 user=postgres password=secret dbname=postgres port=" + publisher.port();
            publisher.execute("postgres", "create table reached (at timestamptz default clock_timestamp())");
            source.execute(
                    "postgres",
                    "create extension pg_cron",
                    "create extension dblink",
                    "create table told (at timestamptz default clock_timestamp())",
                    """
                    create function job() returns void language plpgsql as $$
                    declare done text := ''; begin
                        begin insert into told default values; done := done || ' row'; exception when others then null; end;
                        begin
                            perform dblink_exec('%s', 'insert into reached default values'); done := done || ' link';
                        exception when others then null; end;
                        begin
                            copy (select 1) to program 'cat >> %s'; done := done || ' program';
                        exception when others then null; end;
                        raise log 'the job did:%%', done;
                    end $$
                    """.formatted(reach, written),
                    "select cron.schedule('@reboot', 'select public.job()')",
                    "select cron.schedule('* * * * *', 'select public.job()')");
            Neighbours.subscribe(publisher, source, reach);
            source.cluster().stop();
            source.startAgain(settings());
            Eventually.isTrue(
                    "the job has run on the source",
                    LONGEST,
                    () -> Files.exists(written)
                            && Neighbours.count(source, "select count(*) from told") > 0
                            && Neighbours.count(publisher, "select count(*) from reached") > 0);
            Manifest manifest = drills.take(source, () -> {});
            source.cluster().stop();
            publisher.execute("postgres", "insert into news select generate_series(101, 200)");
            Eventually.isTrue(
                    "the publisher sees that its subscriber is gone",
                    LONGEST,
                    () -> Neighbours.count(publisher, "select count(*) from pg_replication_slots where active") == 0);
            List<String> before = outside(publisher);

            String log = drill(source, manifest, Set.of(), null);
            assertFalse(log.matches("(?s).*(cron|the job did|archive command|could not connect).*"), log);
            assertEquals(before, outside(publisher));

            // Whoever lets pg_cron in has its scheduler run there. The source's settings do not come along, so that its
            // jobs log in
            // by the network, of which there is none
            String allowed = drill(source, manifest, Set.of("pg_cron"), "connection failed\n");
            assertTrue(allowed.contains("pg_cron scheduler started"), allowed);
            assertFalse(allowed.contains("the job did"), allowed);
            assertEquals(before, outside(publisher));

            source.startAgain(settings());
            Eventually.isTrue(
                    "the rows that the source had not fetched",
                    LONGEST,
                    () -> Neighbours.count(source, "select count(*) from news") == 200);
        }
        drills.assertNothingIsLeft();
    }

    private Map<String, String> settings() {
        Map<String, String> all = new HashMap<>(Neighbours.archiving(archive));
        all.put("shared_preload_libraries", "pg_cron");
        all.put("cron.database_name", "postgres");
        all.put("cron.use_background_workers", "on");
        return all;
    }

    /** The log of the sandbox's server. */
    private String drill(Postgres source, Manifest manifest, Set<String> libraries, @Nullable String awaited) {
        ProofLimits usual = ProofLimits.STANDARD;
        ProofOptions options = new ProofOptions(
                ProofLevel.MATCHED,
                false,
                false,
                new ProofLimits(usual.timeToLive(), usual.cpu(), usual.memory(), libraries));
        Overheard said = new Overheard(drills.sandboxes(), awaited);
        Proof proof = drills.prove(source, drills.material(manifest), options, said);
        assertAll(
                () -> assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString),
                () -> assertTrue(said.log().contains("archive recovery complete"), said::log));
        return said.log();
    }

    private List<String> outside(Postgres publisher) throws IOException, SQLException {
        List<String> all = new ArrayList<>();
        all.add(Neighbours.files(archive).toString());
        all.add(Files.readString(written));
        all.add(Neighbours.files(folder).toString().replace(", " + drills.sandboxes(), ""));
        all.add(Neighbours.ask(publisher, "select count(*) || ' ' || max(at) from reached"));
        all.add(Neighbours.ask(publisher, "select active || ' ' || confirmed_flush_lsn from pg_replication_slots"));
        all.add("connections for rows: " + Neighbours.connections(publisher));
        return all;
    }
}
