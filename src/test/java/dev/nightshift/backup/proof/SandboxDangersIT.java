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
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whole drills of backups whose sources do what could reach out of a sandbox, or lead a proof astray. */
class SandboxDangersIT {
    /** What every process within may know of its surroundings: Isolation gives three, the shell and the server the rest. */
    private static final Set<String> HARMLESS = Set.of(
            "PATH",
            "LANG",
            "TZ",
            "PWD",
            "OLDPWD",
            "SHLVL",
            "_",
            "LC_COLLATE",
            "LC_CTYPE",
            "LC_MESSAGES",
            "LC_MONETARY",
            "LC_NUMERIC",
            "LC_TIME",
            "PGSYSCONFDIR",
            "PGLOCALEDIR");

    private final Path folder;
    private final Drills drills;

    SandboxDangersIT(@TempDir Path folder) {
        this.folder = folder;
        this.drills = new Drills(folder);
    }

    @AfterEach
    void nothingIsLeft() throws IOException {
        drills.assertNothingIsLeft();
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void aDrillArchivesNothingTakesNoRowsOfASubscriptionAndAsksNoPrimary(int major) throws Exception {
        Path archive = Files.createDirectory(folder.resolve("archive"));
        try (ServerSocket primary = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Postgres publisher = Postgres.start(major, Map.of("wal_level", "logical", "log_connections", "on"));
                Postgres source = Postgres.start(major, archiving(archive))) {
            String reach = "host=127.0.0.1 user=postgres password=secret port=";
            subscribe(publisher, source, reach + publisher.port() + " dbname=postgres");
            source.execute("postgres", "alter system set primary_conninfo = '" + reach + primary.getLocalPort() + "'");
            Manifest manifest = drills.take(source, () -> {});
            source.cluster().stop();
            publisher.execute("postgres", "insert into news select generate_series(101, 200)");
            String slot = ask(publisher, "select active || ' ' || confirmed_flush_lsn from pg_replication_slots");
            assertTrue(slot.startsWith("false"), slot);
            Set<Path> archived = files(archive);
            assertFalse(archived.isEmpty());
            long connections = connections(publisher);
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
            assertEquals(connections, connections(publisher), "connections to the publisher");
            assertEquals(slot, ask(publisher, "select active || ' ' || confirmed_flush_lsn from pg_replication_slots"));
            assertEquals(archived, files(archive), "the source's archive");
            primary.setSoTimeout(1);
            assertThrows(SocketTimeoutException.class, primary::accept, "nobody asked for the primary");
            // The network's wall alone would have kept them in: nothing must even have tried.
            assertTrue(said.log().contains("archive recovery complete"), said::log);
            assertFalse(
                    said.log()
                            .matches(
                                    "(?s).*(logical replication|archive command|archiver|walreceiver|could not connect).*"),
                    said::log);

            source.startAgain(archiving(archive));
            Eventually.isTrue(
                    "the rows that the source had not fetched",
                    Duration.ofSeconds(60),
                    () -> count(source, "select count(*) from news") == 200);
        }
    }

    private static Map<String, String> archiving(Path archive) {
        return Map.of("archive_mode", "on", "archive_command", "cp %p " + archive + "/%f");
    }

    private static void subscribe(Postgres publisher, Postgres source, String reach) throws SQLException {
        publisher.execute(
                "postgres",
                "create table news (id int primary key)",
                "insert into news select generate_series(1, 100)",
                "create publication news for table news");
        source.execute(
                "postgres",
                "create table news (id int primary key)",
                "create subscription news connection '" + reach + "' publication news");
        Eventually.isTrue(
                "the first rows", Duration.ofSeconds(60), () -> count(source, "select count(*) from news") == 100);
        Eventually.isTrue(
                "the table's own slot to be gone",
                Duration.ofSeconds(60),
                () -> count(publisher, "select count(*) from pg_replication_slots") == 1);
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
        Path key = Files.writeString(
                Files.createDirectory(folder.resolve("secrets")).resolve("master.key"), "THE KEY");
        Path repository = Files.createDirectories(folder.resolve("repository/data"));
        Files.writeString(repository.resolve("PG_VERSION"), "18");
        try (ServerSocket listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
                Postgres source = Postgres.start(major)) {
            source.execute("postgres", "create table told (line text)");
            Manifest first = drills.take(source, () -> {});
            // Rights that anybody has: it is the walls that keep it out.
            for (Path open : List.of(folder, key.getParent(), drills.store(), repository.getParent(), repository)) {
                Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
            }
            String program = "bash -c ''echo hello > /dev/tcp/127.0.0.1/%d''";
            List<String> tries = List.of(
                    "select pg_read_file('PG_VERSION')",
                    "select pg_read_file('" + key + "')",
                    "select lo_import('" + key + "')",
                    "select pg_ls_dir('" + key.getParent() + "')",
                    "select pg_ls_dir('" + drills.store() + "')",
                    "select pg_read_file('" + drills.store().resolve(first.folder()) + "/manifest.json')",
                    "select pg_ls_dir('" + repository + "')",
                    "select pg_read_file('" + source.cluster().data() + "/PG_VERSION')",
                    "select pg_read_binary_file('/proc/"
                            + ProcessHandle.current().pid() + "/environ')",
                    "select pg_read_binary_file('/proc/1/environ')",
                    "copy public.told from program 'cat " + key + "'",
                    "copy public.told from program '" + program.formatted(listening.getLocalPort()) + "'",
                    "copy public.told from program '" + program.formatted(source.port()) + "'",
                    "copy public.told to '" + folder + "/mine'");
            source.execute(
                    "postgres",
                    lookAround(tries),
                    """
                    create function public.indexed(n int) returns int immutable language plpgsql as $$ begin
                        return case when current_setting('listen_addresses') = '' then public.look_around() else n end;
                    end $$
                    """,
                    "create table trap as select 1 as n",
                    "create index trap_n on trap (indexed(n))");
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
            assertTrue(told.contains("It ran. Worked: < 0> Environment: <"), told);
            Set<String> known = new TreeSet<>(List.of(told.replaceFirst("(?s).*Environment: <", "")
                    .replaceFirst("(?s)>.*", "")
                    .split(" ", -1)));
            assertTrue(known.contains("PATH"), told);
            known.removeAll(HARMLESS);
            known.remove(""); // a server process writes its title over its own
            assertEquals(Set.of(), known);
            listening.setSoTimeout(1);
            assertThrows(SocketTimeoutException.class, listening::accept, "nobody came");
            assertFalse(Files.exists(folder.resolve("mine")));
        }
    }

    /** Tries everything (the first of it may work), and fails with what worked, and the names in the environment of every process it can see. */
    private static String lookAround(List<String> tries) {
        StringBuilder body = new StringBuilder();
        for (int i = 0; i < tries.size(); i++) {
            body.append("begin execute $try$")
                    .append(tries.get(i))
                    .append("$try$; worked := worked || ' ")
                    .append(i)
                    .append("'; exception when others then null; end;\n");
        }
        return """
                create function public.look_around() returns int language plpgsql as $body$
                declare
                    worked text := '';
                begin
                    %s
                    truncate public.told;
                    copy public.told from program
                        'cat /proc/[0-9]*/environ 2> /dev/null | tr "\\0" "\\n" | cut -d= -f1; env | cut -d= -f1';
                    -- What a function raises is withheld; the parser quotes the word that it does not understand, whole
                    execute format('"It ran. Worked: <%%s> Environment: <%%s>"',
                        worked, (select string_agg(distinct line, ' ') from public.told));
                    return 1;
                end $body$
                """.formatted(body);
    }

    private static long connections(Postgres server) throws IOException {
        try (Stream<String> lines = Files.lines(server.cluster().log())) {
            return lines.filter(line -> line.contains("replication connection authorized"))
                    .count();
        }
    }

    private static Set<Path> files(Path of) throws IOException {
        try (Stream<Path> files = Files.list(of)) {
            return new TreeSet<>(files.toList());
        }
    }

    private static long count(Postgres server, String sql) {
        try {
            return Long.parseLong(ask(server, sql));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String ask(Postgres server, String sql) throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    /** Holds the proof up for a moment after the promotion, so that whoever wants to act can, and reads the server's log. */
    private static final class Overheard implements ProofWatch {
        private final Path sandboxes;
        private String log = "";

        Overheard(Path sandboxes) {
            this.sandboxes = sandboxes;
        }

        String log() {
            return log;
        }

        @Override
        public void progress(Step step, ProofLevel level, long done, long total) {
            if (step == Step.CHECK && log.isEmpty()) {
                try (Stream<Path> all = Files.list(sandboxes)) {
                    TimeUnit.SECONDS.sleep(3);
                    log = Files.readString(all.filter(Files::isDirectory)
                            .findFirst()
                            .orElseThrow()
                            .resolve("server.log"));
                } catch (IOException e) {
                    throw new UncheckedIOException(e);
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
        }

        @Override
        public void note(String message) {}

        @Override
        public boolean stopped() {
            return false;
        }
    }
}
