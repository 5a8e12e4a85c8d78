package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole drills of backups whose sources do what could reach out of a sandbox, or lead a proof astray. */
class SandboxDangersIT {
    private final Path folder;

    @RegisterExtension
    final Drills drills;

    SandboxDangersIT(@TempDir Path folder) {
        this.folder = folder;
        this.drills = new Drills(folder);
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void aDrillArchivesNothingTakesNoRowsOfASubscriptionAndAsksNoPrimary(int major) throws Exception {
        Path archive = Files.createDirectory(folder.resolve("archive"));
        try (ServerSocket primary = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Postgres publisher = Postgres.start(major, Map.of("wal_level", "logical", "log_connections", "on"));
                Postgres source = Postgres.start(major, Neighbours.archiving(archive))) {
            String reach = "host=127.0.0.1 user=postgres password=secret port=";
            Neighbours.subscribe(publisher, source, reach + publisher.port() + " dbname=postgres");
            source.execute("postgres", "alter system set primary_conninfo = '" + reach + primary.getLocalPort() + "'");
            Manifest manifest = drills.take(source, () -> {});
            source.cluster().stop();
            publisher.execute("postgres", "insert into news select generate_series(101, 200)");
            String slot =
                    Neighbours.ask(publisher, "select active || ' ' || confirmed_flush_lsn from pg_replication_slots");
            assertTrue(slot.startsWith("false"), slot);
            Set<Path> archived = Neighbours.files(archive);
            assertFalse(archived.isEmpty());
            long connections = Neighbours.connections(publisher);
            assertTrue(connections > 0, "the log tells of the source's own");

            var standby = new ChangedMaterial(drills.material(manifest), restored -> {
                Files.createFile(restored.data().resolve("standby.signal"));
                Files.writeString(
                        restored.data().resolve("postmaster.pid"),
                        ProcessHandle.current().pid() + "\n/nowhere\n");
            });
            Overheard said = new Overheard(drills.sandboxes());
            Proof proof = drills.prove(source, standby, ProofOptions.STANDARD, said);

            assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString);
            assertEquals(connections, Neighbours.connections(publisher), "connections to the publisher");
            assertEquals(
                    slot,
                    Neighbours.ask(publisher, "select active || ' ' || confirmed_flush_lsn from pg_replication_slots"));
            assertEquals(archived, Neighbours.files(archive), "the source's archive");
            primary.setSoTimeout(1);
            assertThrows(SocketTimeoutException.class, primary::accept, "nobody asked for the primary");
            // The network's wall alone would have kept them in: nothing must even have tried.
            assertTrue(said.log().contains("archive recovery complete"), said::log);
            assertFalse(
                    said.log()
                            .matches(
                                    "(?s).*(logical replication|archive command|archiver|walreceiver|could not connect).*"),
                    said::log);

            source.startAgain(Neighbours.archiving(archive));
            Eventually.isTrue(
                    "the rows that the source had not fetched",
                    Duration.ofSeconds(60),
                    () -> Neighbours.count(source, "select count(*) from news") == 200);
        }
    }

    /** Libraries that are not there, where the source would load them: at its start, in each session, in one database. */
    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void librariesThatTheSourceLoadsAreNeitherLoadedNorMissed(int major) throws Exception {
        Map<String, String> settings = Map.of(
                "shared_preload_libraries", "pg_stat_statements,auto_explain",
                "session_preload_libraries", "auto_explain");
        try (Postgres source = Postgres.start(major, settings)) {
            source.execute(
                    "postgres",
                    "create extension pg_stat_statements",
                    "create table orders as select generate_series(1, 1000) n",
                    "alter system set shared_preload_libraries = 'not_here'",
                    "alter system set session_preload_libraries = 'not_here'",
                    "alter system set local_preload_libraries = 'not_here'",
                    "create database other",
                    "alter database other set session_preload_libraries = 'not_here'",
                    "alter database postgres set session_preload_libraries = 'pg_stat_statements'");
            assertThrows(SQLException.class, () -> source.connect("other"), "the source itself cannot load it");
            Proof proof = drills.prove(
                    source, drills.material(drills.take(source, () -> {})), ProofOptions.STANDARD, ProofWatch.NONE);
            assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString);
            assertEquals(3L, proof.ladder().get(3).figures().get("databases"), "other was checked as well");
        }
    }

    /** The index's order is a function of a library that is not on this machine. */
    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void anIndexWhoseLibraryIsMissingHereIsNotCheckedAndSaysSo(int major) throws Exception {
        try (Postgres source = Postgres.start(major)) {
            source.execute(
                    "postgres",
                    "create extension citext",
                    "create table orders (customer citext primary key)",
                    "insert into orders select 'C' || n from generate_series(1, 1000) n",
                    "update pg_proc set probin = '$libdir/not_here' where proname = 'citext_cmp'");
            Proof proof = drills.prove(
                    source, drills.material(drills.take(source, () -> {})), ProofOptions.STANDARD, ProofWatch.NONE);
            assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString);
            String notChecked = String.join("\n", proof.notChecked());
            assertTrue(
                    notChecked.matches("(?s).*not possible here: could not access file \"(\\$libdir/)?not_here\": .*"),
                    notChecked);
            assertTrue(notChecked.contains("postgres: public.orders_pkey"), notChecked);
        }
    }

    /** They are enabled always, and would refuse every login and the creation of amcheck. */
    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void eventTriggersOfTheSourceDoNotFire(int major) throws Exception {
        try (Postgres source = Postgres.start(major)) {
            source.execute("postgres", "create table fired (what text)", """
                    create function fire() returns event_trigger language plpgsql as $$ begin
                        if current_setting('listen_addresses') = '' then raise exception 'fired: %', tg_event; end if;
                    end $$
                    """);
            List<String> events = new ArrayList<>(List.of("ddl_command_start", "ddl_command_end", "sql_drop"));
            if (major >= 17) {
                events.add("login");
                source.execute(
                        "postgres",
                        "alter database postgres set event_triggers = on",
                        "alter role postgres set event_triggers = on");
            }
            for (String event : events) {
                source.execute(
                        "postgres",
                        "create event trigger \"at " + event + "\" on " + event + " execute function fire()",
                        "alter event trigger \"at " + event + "\" enable always");
            }
            Proof proof = drills.prove(
                    source, drills.material(drills.take(source, () -> {})), ProofOptions.STANDARD, ProofWatch.NONE);
            assertNull(proof.reason());
            assertEquals(2L, proof.ladder().get(3).figures().get("databases"));
        }
    }

    /** It runs where the proof itself calls it: an index expression, evaluated when every row is looked for. */
    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void codeThatAProofRunsReadsNothingOfNightshiftAndReachesNobody(int major) throws Exception {
        try (Postgres source = Postgres.start(major)) {
            source.execute("postgres", "create table told (line text)");
            Manifest first = drills.take(source, () -> {});
            try (LookAround around = new LookAround(folder, drills.store())) {
                source.execute(
                        "postgres", around.statements(source, drills.store().resolve(first.folder())));
                source.execute(
                        "postgres", "create table trap as select 1 as n", "create index trap_n on trap (indexed(n))");
                Proof proof = drills.prove(
                        source,
                        drills.material(drills.take(source, () -> {})),
                        new ProofOptions(ProofLevel.RESTORED, false, true, ProofLimits.STANDARD),
                        ProofWatch.NONE);
                assertEquals(Optional.of(ProofLevel.RESTORED), proof.level(), proof::toString);
                String told = proof.notChecked().stream()
                        .filter(line -> line.contains("It ran."))
                        .findFirst()
                        .orElseThrow(() -> new AssertionError("The code did not run: " + proof));
                assertTrue(told.contains("postgres: public.trap_n"), told);
                LookAround.assertHarmless(told);
                around.assertNobodyCame();
            }
        }
    }
}
