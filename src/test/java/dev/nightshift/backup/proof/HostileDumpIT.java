package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.postgres.ClientTools;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.harness.HostileNames;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.concurrent.CompletableFuture;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Drills of logical backups that carry code, and of archives that no honest pg_dump has written. */
@Tag("thorough")
class HostileDumpIT {
    private final Path folder;
    private final Drills drills;
    private Postgres source;
    private LookAround around;

    HostileDumpIT(@TempDir Path folder) {
        this.folder = folder;
        this.drills = new Drills(folder);
    }

    @BeforeEach
    void aSourceThatCarriesCode() throws Exception {
        source = Postgres.start(15);
        source.execute("postgres", "create database shop");
        Manifest first = dump(tools());
        around = new LookAround(folder, drills.store());
        source.execute("shop", around.statements(source, drills.store().resolve(first.folder())));
    }

    @AfterEach
    void nothingHappenedOutside() throws IOException {
        source.close();
        around.assertNobodyCame();
        around.close();
        drills.assertNothingIsLeft();
    }

    private static ClientTools tools() {
        return ClientTools.require(15, List.of(Postgres.debian15().bin()));
    }

    private Manifest dump(ClientTools tools) throws SQLException {
        return drills.dump(source, "shop", tools);
    }

    private Proof prove(Manifest manifest) {
        var material = new DumpMaterial(
                drills.reader(manifest), List.of(Postgres.debian15().bin()));
        return drills.prove(source, material, ProofOptions.STANDARD, ProofWatch.NONE);
    }

    /** All that a restore has to evaluate. */
    @ParameterizedTest
    @ValueSource(
            strings = {
                "create materialized view public.trap as select public.indexed(1) as n",
                "create index trap_n on public.rows (public.indexed(n))",
                "create table public.trap (n int, m int generated always as (public.indexed(n)) stored);"
                        + " insert into public.trap values (1)",
                "create table public.trap (n int check (public.indexed(n) > 0)); insert into public.trap values (1)",
                "alter table public.rows add constraint trap check (public.indexed(n) > 0)",
                "create domain public.trap as int check (public.indexed(value) > 0);"
                        + " create table public.trapped as select 1::public.trap as n",
                "create table public.trap (n int) partition by range (public.indexed(n));"
                        + " create table public.trap_1 partition of public.trap for values from (0) to (5);"
                        + " insert into public.trap values (1)",
                "create statistics public.trap on (public.indexed(n)), n from public.rows;"
                        + " create materialized view public.seen as select public.indexed(n) from public.rows"
            })
    void codeThatARestoreRunsReadsNothingOfNightshiftAndReachesNobody(String trap) throws Exception {
        source.execute("shop", "create table public.rows as select 1 as n", trap);
        Proof proof = prove(dump(tools()));
        assertEquals(Optional.of(ProofLevel.READABLE), proof.level(), proof::toString);
        assertTrue(proof.failed(), proof::toString);
        LookAround.assertHarmless(String.valueOf(proof.reason()));
    }

    @Test
    void whatOnlyWaitsForItsEventIsRestoredAndRunsNever() throws Exception {
        source.execute(
                "shop",
                """
                create function public.row_trap() returns trigger language plpgsql as $$ begin
                    if current_setting('listen_addresses') = '' then perform public.look_around(); end if;
                    return new;
                end $$
                """,
                """
                create function public.event_trap() returns event_trigger language plpgsql as $$ begin
                    if current_setting('listen_addresses') = '' then perform public.look_around(); end if;
                end $$
                """,
                "create table public.rows (n int, m int default public.indexed(1))",
                "insert into public.rows select generate_series(1, 100)",
                "create trigger trap before insert or update or delete on public.rows"
                        + " for each row execute function public.row_trap()",
                "create trigger trap_truncate before truncate on public.rows execute function public.row_trap()",
                "alter table public.rows enable always trigger trap",
                "create rule trap as on insert to public.rows do also select public.look_around()",
                "create view public.seen as select public.look_around() as n",
                "create event trigger trap on ddl_command_end execute function public.event_trap()",
                "create event trigger trap_start on ddl_command_start execute function public.event_trap()",
                "alter event trigger trap enable always");
        source.execute("postgres", "alter database shop set search_path = 'evil, \"; select 1'");
        Proof proof = prove(dump(tools()));
        assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString);
        assertEquals(100L, proof.ladder().get(4).figures().get("rows"), proof::toString);
    }

    /** CVE-2012-0868 and CVE-2025-8715: pg_dump writes names into comments, and a line's end ends those. */
    @Test
    void namesAreNames() throws Exception {
        Path mine = Path.of("/tmp/ns-hostile-mine");
        Files.deleteIfExists(mine);
        source.execute("shop", new HostileNames(mine).statements("shop"));
        Proof proof = prove(dump(tools()));
        assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString);
        assertEquals(100L, proof.ladder().get(4).figures().get("rows"), proof::toString);
        assertFalse(Files.exists(mine));
    }

    /** The server's definitions are what a server says: one that lies has pg_dump write any statement. */
    @Test
    void aStatementThatWasPutIntoAnArchiveIsWithinTheWallsToo() throws Exception {
        // Behind public.told, which it writes to
        String view = "view_padding_padding_padding_padding_padding_padding";
        source.execute("shop", "create view public." + view + " as select 1 as n");
        Proof proof = prove(
                dump(changing("CREATE VIEW public." + view + " AS", "do 'begin perform public.look_around(); end';")));
        assertEquals(Optional.of(ProofLevel.READABLE), proof.level(), proof::toString);
        LookAround.assertHarmless(String.valueOf(proof.reason()));
    }

    @Test
    void aProgramInPlaceOfRowsReachesNobodyAndTheRowsDoNotMatch() throws Exception {
        StringBuilder columns = new StringBuilder();
        for (String each : List.of("a", "b", "c", "d", "e", "f", "g", "h")) {
            columns.append(columns.isEmpty() ? "" : ", ").append(each.repeat(60));
        }
        source.execute(
                "shop",
                "create table public.copied (" + columns.toString().replace(",", " text,") + " text)",
                "insert into public.copied select from generate_series(1, 100)");
        String program = "touch " + around.mine() + "; cat " + around.key() + "; " + around.knock() + "; echo it ran";
        Proof proof = prove(dump(changing(
                "COPY public.copied (" + columns + ") FROM stdin;",
                "COPY public.told FROM PROGRAM '" + program + "';")));
        assertEquals(Optional.of(ProofLevel.RESTORED), proof.level(), proof::toString);
        assertTrue(proof.failed(), proof::toString);
        String reason = String.valueOf(proof.reason());
        assertTrue(reason.contains("copied") && reason.contains("told"), reason);
    }

    /** For psql it would be a program. */
    @Test
    void textInPlaceOfAnArchiveIsRunByNobody() throws Exception {
        Proof proof = prove(dump(writing("cat <<'END'\n-- PostgreSQL database dump\n\\! touch " + around.mine()
                + "\n\\copy (select 1) to '" + around.mine() + "'\nselect 1;\nEND\n")));
        assertEquals(Optional.of(ProofLevel.INTACT), proof.level(), proof::toString);
        assertTrue(proof.failed(), proof::toString);
        assertTrue(String.valueOf(proof.reason()).contains("is no archive of pg_dump"), proof::toString);
        assertFalse(Files.exists(around.mine()));
    }

    /** pg_restore reads what may be anything: it has walls of its own. */
    @Test
    void pgRestoreHasNoneOfNightshiftsRights() throws Exception {
        source.execute(
                "shop",
                "create function public.slowly(n int) returns int immutable language plpgsql as $$ begin"
                        + " if current_setting('listen_addresses') = '' then perform pg_sleep(15); end if; return n; end $$");
        source.execute("shop", "create materialized view public.trap as select public.slowly(1) as n");
        Manifest manifest = dump(tools());
        CompletableFuture<Proof> proof = CompletableFuture.supplyAsync(() -> prove(manifest));
        ProcessHandle program = Eventually.get(
                "pg_restore in the sandbox",
                Duration.ofSeconds(60),
                () -> Processes.withArgument(drills.sandboxes().toString()).stream()
                        .filter(each -> Processes.commandLine(each)
                                .startsWith(tools().restore().toString()))
                        .findFirst());
        Path proc = Path.of("/proc", Long.toString(program.pid()));
        String status = Files.readString(proc.resolve("status"));
        String limits = Files.readString(proc.resolve("limits"));
        Set<String> names = new TreeSet<>();
        for (String each : Processes.environment(program).strip().split(" ", -1)) {
            names.add(each.split("=", 2)[0]);
        }
        String network = Files.readSymbolicLink(proc.resolve("ns/net")).toString();
        assertAll(
                () -> assertEquals(Set.of("LANG", "PATH", "TZ"), names),
                () -> assertTrue(status.matches("(?s).*\nCapEff:\\s0+\n.*\nNoNewPrivs:\\s1\n.*"), status),
                () -> assertFalse(status.matches("(?s).*\nUid:\\s0\\s.*"), status),
                () -> assertFalse(
                        limits.matches("(?s).*\nMax (address space|cpu time|file size) +unlimited.*"), limits),
                () -> assertNotEquals(
                        Files.readSymbolicLink(Path.of("/proc/self/ns/net")).toString(), network));
        assertEquals(Optional.of(ProofLevel.MATCHED), proof.get().level());
    }

    /** A pg_dump whose output says something else of the same length. */
    private ClientTools changing(String from, String to) throws IOException {
        assertTrue(to.length() <= from.length(), () -> from.length() + " < " + to.length());
        String padded = to + " ".repeat(from.length() - to.length());
        String script = "s~" + literal(from) + "~" + padded.replace("&", "\\&") + "~";
        assertFalse(padded.contains("~") || padded.contains("\\"), padded);
        Path commands = Files.writeString(folder.resolve("change.sed"), script);
        return writing("'" + tools().dump() + "' \"$@\" | LC_ALL=C sed -f '" + commands + "'\n");
    }

    private static String literal(String text) {
        return text.replace(".", "\\.");
    }

    private ClientTools writing(String script) throws IOException {
        Path bin = Files.createDirectory(folder.resolve("changed-programs"));
        Path program = Files.writeString(bin.resolve("pg_dump"), "#!/bin/sh\n" + script);
        Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        return new ClientTools(bin, 15, tools().version());
    }
}
