package dev.nightshift.backup;

import static dev.nightshift.testing.TestProject.figures;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.atomic.AtomicBoolean;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A database is dumped by pg_dump, proven up to its rows, and is never taken for a backup of its server. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LogicalBackupIT {
    private static final String NAME = "logical";
    private static final Duration MOST = Duration.ofMinutes(3);

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private Postgres source;

    @BeforeAll
    void aDatabaseOfEverything() throws Exception {
        project = TestProject.create(nightshift.admin(), "dumps");
        source = Postgres.start(15);
        source.execute(
                "postgres",
                "create database shop",
                "create role owner_of_shop nologin createdb",
                "create role \"Odd \"\"role\" login password 'never-seen-81c3'",
                "create role reader in role pg_read_all_data",
                "grant owner_of_shop to \"Odd \"\"role\"",
                "create role half login password 'half'",
                "alter database shop set work_mem = '5MB'");
        source.execute(
                "shop",
                "grant create on schema public to owner_of_shop",
                "create extension pg_trgm",
                "create schema sales authorization owner_of_shop",
                // Types of a restore have other numbers than these
                "do $$ begin for i in 1..500 loop create type burnt as enum ('a', 'b'); drop type burnt; end loop; end $$",
                "create type sales.mood as enum ('good', 'bad')",
                "set role owner_of_shop",
                """
                create table sales.orders (id bigint generated always as identity primary key, price numeric(8, 2),
                    twice numeric generated always as (price * 2) stored, mood sales.mood, at timestamptz default now())
                """,
                "insert into sales.orders (price, mood) select i % 97, 'good' from generate_series(1, 20000) i",
                "create table sales.lines (order_id bigint references sales.orders, text text, doc json)",
                "insert into sales.lines select i, repeat('x', i % 50), '{\"a\": 1}' from generate_series(1, 5000) i",
                "create table sales.parts (k int, v text) partition by range (k)",
                "create table sales.parts_1 partition of sales.parts for values from (0) to (100)",
                "create table sales.parts_2 partition of sales.parts for values from (100) to (200)",
                "insert into sales.parts select i, i::text from generate_series(0, 199) i",
                """
                create table sales.moods (mood sales.mood, all_of_them sales.mood[], who regrole)
                    partition by hash (mood)
                """,
                "create table sales.moods_0 partition of sales.moods for values with (modulus 2, remainder 0)",
                "create table sales.moods_1 partition of sales.moods for values with (modulus 2, remainder 1)",
                """
                insert into sales.moods
                    select m, array[m, 'bad'], 'owner_of_shop'::regrole from unnest(array['good', 'bad']::sales.mood[]) m, generate_series(1, 50)
                """,
                "reset role",
                "create table public.\"We\"\"ird.Name*?\" (\"Ro w\" text)",
                "insert into public.\"We\"\"ird.Name*?\" values ('one'), ('two')",
                "create table public.weird_name (t text)",
                "create unlogged table public.scratch as select 1 as one",
                "create sequence public.counter",
                "select setval('public.counter', 4711)",
                "select lo_from_bytea(0, decode(repeat('00ff', 5000), 'hex'))",
                "create materialized view public.sums as select mood, count(*) from sales.orders group by mood",
                "create function public.f() returns int language sql as 'select 1'",
                "create index on sales.lines using gin (text gin_trgm_ops)",
                "grant select on sales.lines to \"Odd \"\"role\", reader");
        project.register(NAME, source, "shop");
    }

    @AfterAll
    void gone() {
        source.close();
    }

    private static JsonObjectBuilder kind(String kind) {
        return Json.createObjectBuilder().add("kind", kind);
    }

    private JsonObject take(JsonObjectBuilder parameters) {
        JsonObject run = project.complete("backup", NAME, parameters.build());
        return project.backup(figures(run).getString("backup"));
    }

    private JsonObject prove(JsonObject backup) {
        project.complete("restore-drill", NAME, TestProject.parameters("backup", backup.getString("id")));
        return project.backup(backup.getString("id")).getJsonObject("proof");
    }

    private Path folder(JsonObject backup) {
        return nightshift.data().resolve("store").resolve(backup.getString("location"));
    }

    private static List<String> notChecked(JsonObject proof) {
        return proof.getJsonArray("notChecked").getValuesAs(JsonString::getString);
    }

    @Test
    void theWholeDatabaseIsProvenUpToItsRows() throws IOException {
        JsonObject backup = take(kind("logical"));
        JsonObject proof = prove(backup);
        assertAll(
                () -> assertEquals("LOGICAL", backup.getString("kind")),
                () -> assertEquals(
                        List.of(NAME), backup.getJsonArray("databases").getValuesAs(JsonString::getString)),
                () -> assertTrue(backup.isNull("recoversTo"), backup::toString),
                () -> assertTrue(backup.isNull("checksums"), backup::toString),
                () -> assertEquals(1, backup.getJsonObject("chain").getInt("of")),
                () -> assertEquals("MATCHED", proof.getString("level"), proof::toString),
                () -> assertTrue(
                        proof.toString().contains("25,303 rows in 8 tables of 1 database equal"), proof::toString),
                () -> assertTrue(
                        notChecked(proof).stream().anyMatch(line -> line.contains("public.sums")), proof::toString),
                () -> assertTrue(
                        notChecked(proof).stream().anyMatch(line -> line.contains("passwords")), proof::toString));
        try (var files = Files.walk(folder(backup))) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String text = Files.readString(file, java.nio.charset.StandardCharsets.ISO_8859_1);
                assertFalse(text.contains("never-seen") || text.contains("PGDMP"), file::toString);
            }
        }
    }

    /** Were the rows measured in another snapshot than the one that is dumped, some of these would be missing. */
    @Test
    void whatIsWrittenMeanwhileIsInNeitherOrInBoth() throws Exception {
        source.execute("postgres", "create database busy");
        source.execute(
                "busy",
                "create table event (id bigint generated always as identity primary key, at timestamptz default now())",
                "create table balance as select id, 0 as amount from generate_series(1, 1000) id",
                "create table refilled as select id from generate_series(1, 100) id",
                "create table bulk as select md5(id::text) as text from generate_series(1, 400000) id");
        project.registerOn(NAME, "busy", "busy");
        AtomicBoolean over = new AtomicBoolean();
        Thread load = new Thread(() -> {
            while (!over.get()) {
                try {
                    source.execute(
                            "busy",
                            "insert into event (at) select now() from generate_series(1, 20)",
                            "update balance set amount = amount + 1 where id % 7 = 0",
                            "begin; truncate refilled; insert into refilled select generate_series(1, 90); commit");
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            }
        });
        load.start();
        try {
            for (int time = 0; time < 2; time++) {
                JsonObject run =
                        project.complete("backup", "busy", kind("logical").build());
                String id = figures(run).getString("backup");
                project.complete("restore-drill", "busy", TestProject.parameters("backup", id));
                JsonObject proof = project.backup(id).getJsonObject("proof");
                assertEquals("MATCHED", proof.getString("level"), proof::toString);
                assertTrue(load.isAlive(), "the load");
            }
        } finally {
            over.set(true);
            load.join();
        }
    }

    @Test
    void aSchemaIsRestoredAndSaysThatItHoldsNoRows() {
        JsonObject proof = prove(take(kind("schema")));
        assertAll(
                () -> assertEquals("RESTORED", proof.getString("level"), proof::toString),
                () -> assertTrue(
                        notChecked(proof).stream().anyMatch(line -> line.contains("holds none")), proof::toString));
    }

    @Test
    void aTableOfAnOddNameIsDumpedAlone() {
        JsonObject backup = take(kind("logical").add("tables", "public.\"We\"\"ird.Name*?\""));
        JsonObject proof = prove(backup);
        assertAll(
                () -> assertEquals("MATCHED", proof.getString("level"), proof::toString),
                () -> assertTrue(proof.toString().contains("2 rows in 1 table of 1 database"), proof::toString),
                () -> assertTrue(proof.toString().contains("without an error: 1 tables"), proof::toString));
    }

    /** pg_dump takes a partitioned table by its name alone, and with that none of its rows. */
    @Test
    void aPartitionedTableIsChosenAndLeftOutWithItsPartitions() {
        JsonObject alone = prove(take(kind("logical").add("tables", "sales.parts")));
        JsonObject without = prove(take(kind("logical").add("withoutTables", "sales.parts")));
        assertAll(
                () -> assertEquals("MATCHED", alone.getString("level"), alone::toString),
                () -> assertTrue(alone.toString().contains("200 rows in 2 tables of 1 database"), alone::toString),
                () -> assertEquals("MATCHED", without.getString("level"), without::toString),
                () -> assertTrue(without.toString().contains("25,103 rows in 6 tables"), without::toString),
                () -> assertTrue(without.toString().contains("without an error: 8 tables"), without::toString));
    }

    @Test
    void inAnotherEncodingANameOfOtherLettersIsFoundToo() throws SQLException {
        source.execute(
                "postgres", "create database latin encoding 'LATIN1' template template0 lc_collate 'C' lc_ctype 'C'");
        source.execute(
                "latin",
                "create table public.\"größe\" as select 'ä' as text from generate_series(1, 7)",
                "create table public.other as select 'ö' as text from generate_series(1, 3)");
        project.registerOn(NAME, "latin", "latin");
        JsonObject run = project.complete(
                "backup",
                "latin",
                kind("logical").add("withoutTables", "public.größe").build());
        String id = figures(run).getString("backup");
        project.complete("restore-drill", "latin", TestProject.parameters("backup", id));
        JsonObject proof = project.backup(id).getJsonObject("proof");
        assertAll(
                () -> assertEquals("MATCHED", proof.getString("level"), proof::toString),
                () -> assertTrue(proof.toString().contains("3 rows in 1 table of 1 database"), proof::toString),
                () -> assertTrue(proof.toString().contains("without an error: 1 tables"), proof::toString));
    }

    @Test
    void aPartStandsInForNothingButTheSamePart() {
        String table = "public.weird_name";
        JsonObject whole = take(kind("data"));
        JsonObject older = take(kind("data").add("tables", table));
        JsonObject newer = take(kind("data").add("tables", "\"public\".\"weird_name\""));
        String log = project.log(project.complete(
                        "expire",
                        NAME,
                        Json.createObjectBuilder().add("keepCount", 1).build())
                .getString("id"));
        assertAll(
                () -> assertTrue(whole.isNull("selection"), whole::toString),
                () -> assertEquals(
                        Json.createObjectBuilder()
                                .add("tables", Json.createArrayBuilder().add("\"public\".\"weird_name\""))
                                .build(),
                        older.getJsonObject("selection")),
                () -> assertTrue(verdict(log, whole).contains("stays: it is the newest"), log),
                () -> assertTrue(verdict(log, older).contains("would go"), log),
                () -> assertTrue(verdict(log, newer).contains("stays: it is the newest"), log));
    }

    private static String verdict(String log, JsonObject backup) {
        return log.lines()
                .filter(line -> line.contains(backup.getString("id")))
                .findFirst()
                .orElseThrow();
    }

    @Test
    void whatRefersToThingsThatWereNotChosenCannotBeProvenAlone() {
        JsonObject backup = take(kind("logical").add("schemas", "sales"));
        String run = project.start("restore-drill", NAME, TestProject.parameters("backup", backup.getString("id")));
        JsonObject ended = project.ended(run, MOST);
        JsonObject proof = project.backup(backup.getString("id")).getJsonObject("proof");
        assertAll(
                () -> assertEquals("READABLE", proof.getString("level"), proof::toString),
                () -> assertTrue(proof.getString("reason").contains("Cannot be proven here"), proof::toString),
                () -> assertTrue(ended.toString().contains("refers to what was not"), ended::toString));
    }

    @Test
    void aNameThatIsNotThereEndsItWithoutABackup() {
        int before = project.backups(NAME).size();
        String run = project.start(
                "backup", NAME, kind("logical").add("tables", "public.orders").build());
        JsonObject ended = project.ended(run, MOST);
        assertAll(
                () -> assertFalse(ended.getString("status").equals("COMPLETED"), ended::toString),
                () -> assertTrue(ended.toString().contains("\\\"public\\\".\\\"orders\\\""), ended::toString),
                () -> assertEquals(before, project.backups(NAME).size()));
    }

    @Test
    void besideAPhysicalBackupItStandsInForNothing() {
        JsonObject full = take(kind("full"));
        JsonObject older = take(kind("schema"));
        JsonObject newer = take(kind("schema"));
        JsonObject expired = project.complete(
                "expire", NAME, Json.createObjectBuilder().add("keepCount", 1).build());
        String log = project.log(expired.getString("id"));
        JsonObject drill = project.complete("restore-drill", NAME, TestProject.parameters("upTo", "stored"));
        JsonObject shown = project.api()
                .get(project.path("databases/" + NAME))
                .expect(200)
                .object()
                .getJsonObject("backup");
        assertAll(
                () -> assertTrue(log.contains("The full backup " + full.getString("id")), log),
                () -> assertTrue(
                        log.lines()
                                .anyMatch(line -> line.contains(full.getString("id"))
                                        && line.contains("stays: it is the newest")),
                        log),
                () -> assertTrue(
                        log.lines().anyMatch(line -> line.contains(older.getString("id")) && line.contains("would go")),
                        log),
                () -> assertTrue(
                        log.lines()
                                .anyMatch(line -> line.contains(newer.getString("id"))
                                        && line.contains("stays: it is the newest")),
                        log),
                () -> assertEquals(full.getString("id"), figures(drill).getString("backup")),
                () -> assertEquals(full.getString("id"), shown.getString("id")));
    }
}
