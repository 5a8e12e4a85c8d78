package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A table that somebody dropped comes back out of a backup of the whole server, beside all that lives. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class TablesFromBackupIT {
    private static final Duration MOST = Duration.ofMinutes(3);
    private static final Duration SOON = Duration.ofSeconds(90);
    private static final String ROWS =
            "select count(*) || ' ' || sum(id) || ' ' || sum(hashtext(text)) from app.orders";
    private static final String RELATIONS = """
            select string_agg(format('%s.%s', n.nspname, c.relname), ' ' order by n.nspname, c.relname)
              from pg_class c join pg_namespace n on n.oid = c.relnamespace
             where c.relkind in ('r', 'p', 'S', 'v') and n.nspname in ('app', 'other', 'public')
            """;

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private Postgres source;
    private String before;
    private String rows;
    private String later;
    private String moment;

    @BeforeAll
    void aTableIsDroppedBetweenTwoBackups() throws SQLException {
        project = TestProject.create(nightshift.admin(), "tables-back");
        source = Postgres.start(15);
        source.execute("postgres", "create role shopkeeper login", "create database shop owner shopkeeper");
        source.execute(
                "shop",
                "create schema ext",
                "create extension citext schema ext",
                "grant usage on schema ext to public");
        source.execute(
                "shop",
                "set role shopkeeper",
                "create schema app",
                "create schema other",
                "create table other.customers (id int primary key)",
                "insert into other.customers select generate_series(1, 10)",
                "create schema tags",
                "create table tags.tags (tag ext.citext primary key)",
                "insert into tags.tags values ('one'), ('two')",
                "create sequence other.tickets",
                "select nextval('other.tickets')",
                """
                create table app.orders (id serial, customer int references other.customers, text text, primary key (id))
                    partition by range (id)
                """,
                "create table app.orders_1 partition of app.orders for values from (1) to (501)",
                "create table app.orders_2 partition of app.orders for values from (501) to (100000)",
                "create table app.lines (id int)",
                "create function other.touch() returns trigger language plpgsql as 'begin return new; end'",
                "create trigger touching before insert on app.orders for each row execute function other.touch()",
                "create trigger touching before insert on other.customers for each row execute function other.touch()",
                "insert into app.orders (customer, text) select 1 + i % 10, 'order ' || i from generate_series(1, 1000) i");
        rows = text("shop", ROWS);
        project.register("shop", source, "shop");
        archive(true);
        Eventually.isTrue(
                "the log is archived", SOON, () -> wal().getString("state").equals("STREAMING"));
        project.complete("backup", "shop", TestProject.none());
        before = project.backups("shop").get(0).getString("id");
        source.execute(
                "shop", "insert into app.orders (customer, text) select 1, 'late ' || i from generate_series(1, 50) i");
        later = text("shop", ROWS);
        moment = text(
                "shop", "select to_char(clock_timestamp() at time zone 'UTC', 'YYYY-MM-DD\"T\"HH24:MI:SS.US\"Z\"')");
        Eventually.sleep(Duration.ofMillis(50));
        source.execute("shop", "drop table app.orders");
        source.execute("postgres", "create database slow");
        source.execute("slow", "create table t as select 1 as id", """
                create function slowly(int) returns int immutable language plpgsql as $$ begin
                    if current_database() <> 'slow' then perform pg_sleep(120); end if;
                    return $1;
                end $$
                """, "create index on t (slowly(id))");
        project.complete("backup", "shop", TestProject.none());
    }

    @AfterAll
    void gone() {
        archive(false);
        Eventually.isTrue(
                "no slot any more", SOON, () -> wal().getString("state").equals("OFF"));
        source.close();
    }

    private void archive(boolean on) {
        project.api()
                .put(
                        project.path("instances/shop/wal"),
                        Json.createObjectBuilder()
                                .add("enabled", on)
                                .add("pieceSeconds", 5)
                                .build())
                .expect(200);
    }

    private JsonObject wal() {
        return project.api().get(project.path("instances/shop/wal")).expect(200).object();
    }

    private String text(String database, String sql) throws SQLException {
        return text(source, database, sql);
    }

    private static String text(Postgres server, String database, String sql) throws SQLException {
        try (Connection connection = server.connect(database);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    private static JsonObjectBuilder into(String name) {
        return Json.createObjectBuilder().add("newDatabase", name);
    }

    private JsonObjectBuilder folder() {
        return Json.createObjectBuilder()
                .add("folder", nightshift.data().resolve("restore/x").toString());
    }

    /** Where the backup ended that was taken before the table was dropped. */
    private JsonObjectBuilder then(String name) {
        return into(name).add("to", "name").add("point", "nightshift_" + before);
    }

    private JsonObject ended(JsonObjectBuilder parameters) {
        return project.ended(project.start("restore", "shop", parameters.build()), MOST);
    }

    private boolean exists(String database) {
        try {
            return text("postgres", "select exists (select from pg_database where datname = '" + database + "')")
                    .equals("t");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Those of such restores: a sandbox's folder is gone before its registration is. */
    private List<String> sandboxes() throws IOException {
        List<String> ours = new ArrayList<>();
        try (Stream<Path> all = Files.list(nightshift.data().resolve("sandboxes"))) {
            for (Path each :
                    all.filter(path -> path.toString().endsWith(".json")).toList()) {
                ours.add(Files.readString(each));
            }
        } catch (NoSuchFileException e) {
            return sandboxes(); // another's sandbox went meanwhile
        }
        return ours.stream().filter(text -> text.contains("tables out of")).toList();
    }

    @Test
    void theDroppedTableIsBackAsItWasThenAndNothingElse() throws Exception {
        JsonObject run = project.complete(
                "restore", "shop", then("rescued").add("tables", "app.orders").build());
        JsonObject target = run.getJsonArray("targets").getJsonObject(0);
        JsonObject figures = target.getJsonObject("figures");
        String log = project.log(run.getString("id"));
        assertAll(
                () -> assertEquals(rows, text("rescued", ROWS)),
                () -> assertEquals(
                        "app.orders app.orders_1 app.orders_2 app.orders_id_seq", text("rescued", RELATIONS)),
                () -> assertEquals("1001", text("rescued", "select nextval('app.orders_id_seq')")),
                () -> assertEquals(
                        "shopkeeper", text("rescued", "select tableowner from pg_tables where tablename = 'orders_1'")),
                () -> assertEquals("0", text("rescued", "select count(*) from pg_constraint where contype = 'f'")),
                () -> assertEquals(
                        "",
                        text(
                                "rescued",
                                "select coalesce(shobj_description(oid, 'pg_database'), '')"
                                        + " from pg_database where datname = current_database()")),
                () -> assertEquals(
                        "app.lines other.customers other.tickets",
                        text("shop", RELATIONS),
                        "the living one is as it was"),
                () -> assertEquals(before, figures.getString("backup"), figures::toString),
                () -> assertEquals(2, figures.getInt("tables"), figures::toString),
                () -> assertEquals(1000, figures.getInt("rows"), figures::toString),
                () -> assertTrue(figures.getString("compared").contains("1,000 rows in 2 tables equal"), log),
                () -> assertTrue(figures.getInt("recoveryMillis") > 0 && figures.getInt("sizeBytes") > 0, log),
                () -> assertTrue(log.contains("The foreign key \"orders_customer_fkey\" of \"app\".\"orders\""), log),
                () -> assertTrue(log.contains("The trigger \"touching\" of \"app\".\"orders\" is left out"), log),
                () -> assertTrue(
                        target.getJsonArray("steps").getValuesAs(JsonObject.class).stream()
                                .allMatch(step -> step.getString("status").equals("COMPLETED")),
                        target::toString),
                () -> assertEquals(List.of(), sandboxes()));
    }

    /** Its rows of after the backup are in the archived log alone. */
    @Test
    void aMomentBeforeItWasDroppedComesOutOfTheArchivedLog() throws Exception {
        Instant now = Instant.now();
        Eventually.isTrue("the log is stored", SOON, () -> {
            JsonObject newest = wal().getJsonArray("stretches").getJsonObject(0);
            return !newest.isNull("coveredTo")
                    && Instant.parse(newest.getString("coveredTo")).isAfter(now);
        });
        JsonObject run = project.complete(
                "restore",
                "shop",
                into("shop_then")
                        .add("to", "time")
                        .add("point", moment)
                        .add("tables", "app.orders")
                        .build());
        JsonObject figures = run.getJsonArray("targets").getJsonObject(0).getJsonObject("figures");
        assertAll(
                () -> assertEquals(later, text("shop_then", ROWS)),
                () -> assertEquals(before, figures.getString("backup"), figures::toString),
                () -> assertEquals(1050, figures.getInt("rows"), figures::toString),
                () -> assertTrue(figures.containsKey("lastTransactionAt"), figures::toString));
    }

    /** By a role that is no superuser there; with a type of an extension. */
    @Test
    void aPartitionAloneBecomesATableOfAnotherServer() throws Exception {
        try (Postgres other = Postgres.start(15)) {
            other.execute(
                    "postgres",
                    "create role shopkeeper",
                    "create role crew login createdb password 'for the crew' in role shopkeeper, pg_monitor");
            project.register("other", other, "postgres", "crew", "for the crew");
            JsonObject run = project.complete(
                    "restore",
                    "shop",
                    then("part")
                            .add("tables", "app.orders_1, tags.tags")
                            .add("instance", "other")
                            .build());
            JsonObject figures = run.getJsonArray("targets").getJsonObject(0).getJsonObject("figures");
            String log = project.log(run.getString("id")).replace("\\\"", "\"");
            assertAll(
                    () -> assertEquals("app.orders_1 app.orders_id_seq", text(other, "part", RELATIONS)),
                    () -> assertEquals(
                            "shopkeeper 500 t t",
                            text(
                                    other,
                                    "part",
                                    "select tableowner || (select ' ' || count(*) from app.orders_1) || ' '"
                                            + " || has_schema_privilege('shopkeeper', 'app', 'usage')::text::char || ' '"
                                            + " || (select count(*) = 2 from tags.tags where pg_typeof(tag) = 'ext.citext'::regtype)::text::char"
                                            + " from pg_tables where tablename = 'orders_1'")),
                    () -> assertEquals(2, figures.getInt("tables"), figures::toString),
                    () -> assertEquals(502, figures.getInt("rows"), figures::toString),
                    () -> assertTrue(
                            log.contains(
                                    "alter table \"app\".\"orders\" attach partition \"app\".\"orders_1\" FOR VALUES FROM (1) TO (501);"),
                            log),
                    () -> assertTrue(
                            log.contains("alter table \"app\".\"orders_1\" add constraint \"orders_customer_fkey\""
                                    + " FOREIGN KEY (customer) REFERENCES other.customers(id);"),
                            log),
                    () -> assertTrue(
                            log.contains("It was: CREATE TRIGGER touching BEFORE INSERT ON app.orders_1"), log));
            project.api().delete(project.path("databases/other?confirm=other")).expect(204);
        }
    }

    @Test
    void aSchemaComesWithItsFunctionsAndSequences() throws Exception {
        JsonObject run = project.complete(
                "restore", "shop", then("one_schema").add("schemas", "other").build());
        JsonObject figures = run.getJsonArray("targets").getJsonObject(0).getJsonObject("figures");
        assertAll(
                () -> assertEquals("other.customers other.tickets", text("one_schema", RELATIONS)),
                () -> assertEquals("1", text("one_schema", "select count(*) from pg_trigger where not tgisinternal")),
                () -> assertEquals(1, figures.getInt("sequences"), figures::toString),
                () -> assertEquals(10, figures.getInt("rows"), figures::toString),
                () -> assertTrue(!project.log(run.getString("id")).contains("left out"), run::toString));
    }

    @Test
    void whatThereIsNotIsRefusedByName() throws Exception {
        JsonObject table = ended(into("nothing").add("tables", "app.orders, app.lines"));
        assertAll(
                () -> assertTrue(
                        table.toString()
                                .contains("there is not what was chosen: the table \\\"app\\\".\\\"orders\\\"."),
                        table::toString),
                () -> assertEquals(
                        "SKIPPED",
                        table.getJsonArray("targets").getJsonObject(0).getString("status"),
                        table::toString),
                () -> assertTrue(!exists("nothing")),
                () -> assertEquals(List.of(), sandboxes()));
    }

    @Test
    void aDatabaseThatIsThereIsNotTouched() throws SQLException {
        String oid = text("shop", "select oid from pg_database where datname = 'shop'");
        JsonObject run = ended(into("shop").add("tables", "app.lines"));
        assertAll(
                () -> assertTrue(run.toString().contains("has a database shop already"), run::toString),
                () -> assertEquals(oid, text("shop", "select oid from pg_database where datname = 'shop'")));
    }

    @Test
    void aStoppedRunLeavesNeitherDatabaseNorSandbox() throws Exception {
        String run = project.start(
                "restore", "shop", into("stopped").add("database", "slow").build());
        Eventually.isTrue("an index is built", MOST, () -> {
            try {
                return text(
                                "postgres",
                                "select exists (select from pg_stat_activity where datname = 'stopped'"
                                        + " and query like 'CREATE INDEX%')")
                        .equals("t");
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
        project.api().post(project.path("runs/" + run + "/stop")).expect(202);
        JsonObject ended = project.ended(run, MOST);
        assertAll(
                () -> assertEquals("STOPPED", ended.getString("status"), ended::toString),
                () -> assertTrue(!exists("stopped")),
                () -> assertEquals(List.of(), sandboxes()));
    }

    @Test
    void whatDoesNotGoTogetherIsRefusedByParameter() {
        refused(folder().add("tables", "app.orders"), "tables");
        refused(folder().add("database", "shop"), "database");
        refused(folder().add("newDatabase", "x"), "folder");
        refused(into("nightshift_0190a0b0_1111_7222_8333_444455556666"), "newDatabase");
        refused(into("two\nlines"), "newDatabase");
        refused(into("x").add("definitions", before), "definitions");
        refused(into("x").add("tables", "orders"), "tables");
        refused(into("x").add("tables", "app.orders").add("schemas", "app"), "schemas");
        refused(into("x").add("to", "time").add("point", "yesterday"), "point");
    }

    private void refused(JsonObjectBuilder parameters, String field) {
        JsonObject problem = project.api()
                .post(
                        project.path("runs"),
                        Json.createObjectBuilder()
                                .add("job", "restore")
                                .add("databases", Json.createArrayBuilder().add("shop"))
                                .add("parameters", parameters)
                                .build())
                .expect(400)
                .object();
        assertTrue(problem.toString().contains("\"parameters." + field + "\""), problem::toString);
    }
}
