package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.ByHand;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** A logical backup becomes a new database of a server that lives, and of no other one anything is touched. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LogicalRestoreIT {
    private static final Duration MOST = Duration.ofMinutes(3);
    private static final String ROWS = "select count(*) || ' ' || coalesce(sum(id), 0) from app.orders";

    private static final String SUBSCRIPTIONS =
            "select count(*) from pg_subscription where subdbid = (select oid from pg_database where datname = current_database())";

    private final Nightshift nightshift = Nightshift.shared();
    private TestProject project;
    private Postgres source;
    private Postgres other;
    private String whole;
    private String schema;
    private String data;

    @BeforeAll
    void threeBackupsAndAnotherServer() throws Exception {
        project = TestProject.create(nightshift.admin(), "dump-restore");
        source = Postgres.start(15);
        other = Postgres.start(15);
        source.execute(
                "postgres",
                "create role stranger",
                "create role shopkeeper login createdb password 'x-1'",
                "create database shop owner shopkeeper");
        source.execute(
                "shop",
                "set role shopkeeper",
                "create schema app",
                "create table app.orders (id int primary key, text text)",
                "create table app.lines (id int references app.orders)",
                "insert into app.orders select i, 'order ' || i from generate_series(1, 1000) i",
                "insert into app.lines select i from generate_series(1, 1000) i",
                "reset role",
                "create publication everything for table app.orders",
                """
                create subscription far connection 'host=nowhere.invalid dbname=far' publication everything
                    with (connect = false, slot_name = 'in_production')
                """);
        project.register("shop", source, "shop");
        project.register("other", other, "postgres");
        whole = take("logical");
        schema = take("schema");
        data = take("data");
    }

    @AfterAll
    void gone() {
        source.close();
        other.close();
    }

    private String take(String kind) {
        return project.complete("backup", "shop", TestProject.parameters("kind", kind))
                .getJsonArray("targets")
                .getJsonObject(0)
                .getJsonObject("figures")
                .getString("backup");
    }

    private static JsonObjectBuilder of(String backup, String name) {
        return Json.createObjectBuilder().add("backup", backup).add("newDatabase", name);
    }

    private static String text(Postgres server, String database, String sql) throws SQLException {
        try (Connection connection = server.connect(database);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    private static boolean exists(Postgres server, String sql) {
        try {
            return text(server, "postgres", "select exists (" + sql + ")").equals("t");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private JsonObject failing(JsonObjectBuilder parameters) {
        JsonObject run = project.ended(project.start("restore", "shop", parameters.build()), MOST);
        assertTrue(!run.getString("status").equals("COMPLETED"), run::toString);
        return run;
    }

    private static String databases(Postgres server) throws SQLException {
        return text(server, "postgres", "select string_agg(datname, ' ' order by datname) from pg_database");
    }

    @Test
    void besideTheSourceItIsEqualWithItsOwners() throws SQLException {
        project.complete("restore", "shop", of(whole, "Shop \"copy\" dbname=x").build());
        String name = "Shop \"copy\" dbname=x";
        assertAll(
                () -> assertEquals(text(source, "shop", ROWS), text(source, name, ROWS)),
                () -> assertEquals(
                        "shopkeeper",
                        text(source, name, "select tableowner from pg_tables where tablename = 'orders'")),
                () -> assertEquals(
                        "",
                        text(
                                source,
                                name,
                                "select coalesce(shobj_description(oid, 'pg_database'), '')"
                                        + " from pg_database where datname = current_database()")),
                () -> assertEquals("1", text(source, name, "select count(*) from pg_constraint where contype = 'f'")),
                () -> assertEquals("1", text(source, name, "select count(*) from pg_publication")),
                () -> assertEquals("0", text(source, name, SUBSCRIPTIONS), "it would take over the other one's slot"),
                () -> assertEquals("1", text(source, "shop", SUBSCRIPTIONS)),
                () -> assertEquals(
                        "f",
                        text(
                                source,
                                name,
                                "select has_database_privilege('stranger', current_database(), 'connect')")));
    }

    @Test
    void aDrillLeavesSubscriptionsOutAndSaysSo() {
        project.complete("restore-drill", "shop", TestProject.parameters("backup", whole));
        JsonObject proof = project.backup(whole).getJsonObject("proof");
        assertAll(
                () -> assertEquals("MATCHED", proof.getString("level"), proof::toString),
                () -> assertTrue(
                        proof.getJsonArray("notChecked").toString().contains("1 subscriptions of the database"),
                        proof::toString));
    }

    /** As if this attempt had been taken for dead, and another one made its database anew. */
    @Test
    void aFailingRestoreLeavesTheDatabaseThatHasItsNameByNow() throws Exception {
        source.execute("postgres", "create database slow");
        source.execute("slow", "create table t as select 1 as id", """
                create function slowly(int) returns int immutable language plpgsql as $$ begin
                    if current_database() <> 'slow' then perform pg_sleep(60); end if;
                    return $1;
                end $$
                """, "create index on t (slowly(id))");
        project.registerOn("shop", "slow", "slow");
        String backup = project.complete("backup", "slow", TestProject.parameters("kind", "logical"))
                .getJsonArray("targets")
                .getJsonObject(0)
                .getJsonObject("figures")
                .getString("backup");
        String run = project.start("restore", "slow", of(backup, "anew").build());
        ProcessHandle program = Eventually.get(
                "pg_restore",
                MOST,
                () -> nightshift.servers().stream()
                        .flatMap(ProcessHandle::descendants)
                        .filter(each -> each.info().command().orElse("").endsWith("/pg_restore"))
                        .findFirst());
        Eventually.isTrue(
                "an index is built",
                MOST,
                () -> exists(
                        source, "select from pg_stat_activity where datname = 'anew' and query like 'CREATE INDEX%'"));
        signal("-STOP", program);
        source.execute("postgres", "drop database anew with (force)", "create database anew");
        String theirs = text(source, "postgres", "select oid from pg_database where datname = 'anew'");
        signal("-CONT", program);
        JsonObject ended = project.ended(run, MOST);
        assertAll(
                () -> assertEquals("FAILED", ended.getString("status"), ended::toString),
                () -> assertEquals(
                        theirs, text(source, "postgres", "select max(oid) from pg_database where datname = 'anew'")));
    }

    private static void signal(String signal, ProcessHandle process) throws java.io.IOException {
        Processes.run(Duration.ofSeconds(10), "kill", signal, Long.toString(process.pid()))
                .succeeded();
    }

    @Test
    void aDatabaseThatIsThereIsNotTouched() throws SQLException {
        String before = text(source, "shop", "select oid from pg_database where datname = 'shop'");
        JsonObject run = failing(of(whole, "shop"));
        assertAll(
                () -> assertTrue(run.toString().contains("has a database shop already"), run::toString),
                () -> assertEquals(before, text(source, "shop", "select oid from pg_database where datname = 'shop'")));
    }

    @Test
    void aRoleThatIsMissingIsNamedAndMadeWhereThatIsAskedFor() throws SQLException {
        JsonObject run = failing(of(whole, "wanted").add("instance", "other"));
        assertAll(
                () -> assertTrue(
                        run.toString().contains("lacks roles that the backup names: shopkeeper"), run::toString),
                () -> assertTrue(!databases(other).contains("wanted"), databases(other)));
        project.complete(
                "restore",
                "shop",
                of(whole, "wanted")
                        .add("instance", "other")
                        .add("createRoles", true)
                        .build());
        assertAll(
                () -> assertEquals(text(source, "shop", ROWS), text(other, "wanted", ROWS)),
                () -> assertEquals(
                        "f f",
                        text(
                                other,
                                "postgres",
                                "select concat_ws(' ', rolcreatedb, rolcanlogin) from pg_roles"
                                        + " where rolname = 'shopkeeper'")),
                () -> assertEquals(
                        "t",
                        text(
                                other,
                                "postgres",
                                "select rolpassword is null from pg_authid" + " where rolname = 'shopkeeper'")));
    }

    @Test
    void withoutOwnersNoRoleIsNeededAndWithoutRowsThereAreNone() throws SQLException {
        try (Postgres third = Postgres.start(15)) {
            project.register("third", third, "postgres");
            project.complete(
                    "restore",
                    "shop",
                    of(whole, "plain")
                            .add("instance", "third")
                            .add("owners", "none")
                            .add("content", "schema")
                            .build());
            assertAll(
                    () -> assertEquals("0 0", text(third, "plain", ROWS)),
                    () -> assertEquals(
                            third.user(),
                            text(third, "plain", "select tableowner from pg_tables where tablename = 'orders'")));
        }
    }

    @Test
    void rowsAloneGoIntoTheTablesOfTheSchemaBackup() throws SQLException {
        project.complete(
                "restore", "shop", of(data, "joined").add("definitions", schema).build());
        assertAll(
                () -> assertEquals(text(source, "shop", ROWS), text(source, "joined", ROWS)),
                () -> assertEquals(
                        "1", text(source, "joined", "select count(*) from pg_constraint where contype = 'f'")));
    }

    @Test
    void withoutNightshiftTheDecoderAndPgRestoreDoIt(@TempDir Path folder) throws Exception {
        Path stored =
                nightshift.data().resolve("store").resolve(project.backup(whole).getString("location"));
        String said = ByHand.decode(stored, project.recoveryKey(folder), folder.resolve("decoded"))
                .succeeded()
                .output();
        source.execute("postgres", "create database \"by-hand\"");
        Processes.run(
                        Duration.ofMinutes(1),
                        Postgres.debian15().program("pg_restore").toString(),
                        "--exit-on-error",
                        "--dbname=host=127.0.0.1 port=" + source.port() + " user=" + source.user() + " password="
                                + source.password() + " dbname=by-hand",
                        folder.resolve("decoded/database.dump").toString())
                .succeeded();
        assertAll(
                () -> assertTrue(said.contains("logical backup of database shop"), said),
                () -> assertTrue(Files.readString(folder.resolve("decoded/settings/database.json"))
                        .contains("shopkeeper")),
                // Of everything that is the superuser's, the publication is in no catalog of dependencies
                () -> assertTrue(Files.readString(folder.resolve("decoded/settings/database.json"))
                        .contains("\"name\": \"" + source.user() + "\"")),
                () -> assertEquals(text(source, "shop", ROWS), text(source, "by-hand", ROWS)));
    }

    @Test
    void aBackupThatCannotBeRestoredLeavesNoDatabase() throws SQLException {
        source.execute("postgres", "create database broken");
        source.execute(
                "broken",
                "create schema app",
                "create table app.orders (id int)",
                "insert into app.orders values (1), (1)");
        project.registerOn("shop", "broken", "broken");
        String rows = project.complete("backup", "broken", TestProject.parameters("kind", "data"))
                .getJsonArray("targets")
                .getJsonObject(0)
                .getJsonObject("figures")
                .getString("backup");
        // Both rows have the key that the other database's table allows once
        JsonObject run = failing(of(rows, "torn").add("definitions", schema));
        assertAll(
                () -> assertTrue(run.toString().contains("is dropped again"), run::toString),
                () -> assertTrue(!run.toString().contains("(1)"), run::toString),
                () -> assertTrue(!databases(source).contains("torn"), databases(source)));
    }
}
