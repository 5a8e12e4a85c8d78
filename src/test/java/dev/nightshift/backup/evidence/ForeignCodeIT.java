package dev.nightshift.backup.evidence;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.evidence.Evidence.Measured;
import dev.nightshift.kernel.Clock;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.testing.Postgres;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Whoever owns a type or a function in a target must not have it run by Nightshift's role. */
class ForeignCodeIT {
    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void measuringRunsNoFunctionOfTheTargetsOwners(int major, @TempDir Path folder) throws Exception {
        Path trace = folder.resolve("ran");
        Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxrwxrwx"));
        try (Postgres source = Postgres.start(major, Map.of("wal_level", "logical"))) {
            String leaveATrace = " language plpgsql as $$ begin copy (select 1) to '" + trace + "'; ";
            source.execute(
                    "postgres",
                    "create function ran() returns text" + leaveATrace + "return 'x'; end $$",
                    "create type pair as (a int, b json)",
                    "create function pair_text(pair) returns text" + leaveATrace + "return 'x'; end $$",
                    "create cast (pair as text) with function pair_text(pair)",
                    "create function fine(text) returns boolean" + leaveATrace + "return true; end $$",
                    "create domain word as text",
                    "create domain sentence as word",
                    "create function hash_record_extended(record, int) returns bigint" + leaveATrace
                            + "return 1; end $$",
                    "create table mine (id int, p pair, w word, s sentence, j json, shown text generated always as"
                            + " ('x' || id::text) stored)",
                    "insert into mine values (1, row(1, '{}'), 'a', 'b', '[]'), (2, null, null, null, null)",
                    "alter domain word add constraint c check (fine(value)) not valid",
                    "alter domain sentence add constraint c check (fine(value)) not valid",
                    "create view looks as select ran()",
                    "create function current_setting(text) returns text" + leaveATrace + "return 'x'; end $$",
                    "create sequence counted",
                    "select nextval('counted')",
                    "alter database postgres set search_path = public, pg_catalog");
            Files.deleteIfExists(trace);
            List<String> notes = new ArrayList<>();
            Witness witness = new Witness(
                    Endpoint.local(source.port(), "postgres", source.user(), source::password),
                    List.of("postgres"),
                    Budget.STANDARD,
                    Clock.system(),
                    notes::add);
            witness.before(() -> {});
            witness.after(() -> {});
            List<Measured> measured = witness.evidence().get(0).measured();
            assertAll(
                    () -> assertEquals(List.of(), notes),
                    () -> assertEquals(
                            List.of("public.mine", "public.counted"),
                            measured.stream().map(Measured::name).toList()),
                    () -> assertEquals(2, measured.get(0).rows()),
                    () -> assertFalse(Files.exists(trace), "a function of the target ran"));
            // The traps themselves work
            source.execute("postgres", "select p::text from mine");
            assertTrue(Files.exists(trace));
            Files.delete(trace);
            source.execute("postgres", "select current_setting('wal_level')");
            assertTrue(Files.exists(trace));
        }
    }
}
