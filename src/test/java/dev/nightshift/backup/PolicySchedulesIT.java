package dev.nightshift.backup;

import static dev.nightshift.testing.Api.json;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.S3Server;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestSchedules;
import dev.nightshift.testing.TestStores;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A policy's schedules: made, changed and deleted with it, and fired: the backup lies where the policy says. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PolicySchedulesIT {
    private static final String PROJECT = "owned";
    private static final String STORE = "policy-offsite";

    /** Nothing is due by itself for a while. */
    private final int minute =
            Instant.now().plusSeconds(1_800).atOffset(ZoneOffset.UTC).getMinute();

    private final String fullBackup = "{'work': 'FULL', 'cron': '" + minute
            + " * * * *', 'zone': 'Europe/Vienna', 'except': ['12-24'], 'rateLimitKilobytesPerSecond': 20480}";
    private static final String DRILL = "{'name': 'proof', 'work': 'DRILL_RANDOM', 'cron': '0 4 1 1 *', 'zone': 'UTC'}";
    private static final String EXPIRE = "{'work': 'EXPIRE', 'cron': '0 5 1 1 *', 'zone': 'UTC'}";

    private final Nightshift nightshift = Nightshift.shared();
    private final Api admin = nightshift.admin();
    private TestProject project;
    private TestSchedules schedules;
    private TestProject other;
    private Postgres source;
    private S3Server s3;

    @BeforeAll
    void aServerAndAStoreElsewhere(@TempDir Path folder) throws SQLException {
        s3 = S3Server.start(folder);
        TestStores.define(admin, TestStores.bucket(STORE, s3.endpoint()));
        source = Postgres.start(18, Map.of("max_wal_senders", "6", "autovacuum", "off"));
        source.execute("postgres", "create table t as select 1 as id");
        project = TestProject.create(admin, PROJECT);
        schedules = new TestSchedules(nightshift, project);
        project.register("shop", source, "postgres");
        other = TestProject.create(admin, "owned-elsewhere");
    }

    /** The store goes with its server: nothing else of this run is to look for it. */
    @AfterAll
    void theStoreIsForgotten() throws SQLException {
        nightshift
                .repository()
                .execute("update backup.copy set state = 'FREED', freed_at = now() where store = '" + STORE + "'");
        admin.delete("api/stores/" + STORE + "?confirm=" + STORE).expect(204);
        s3.close();
        source.close();
    }

    private JsonObject details(String policy) {
        return admin.get(project.path("policies/" + policy)).expect(200).object();
    }

    private Api.Answer change(String policy, String body) {
        return admin.put(project.path("policies/" + policy), json(body));
    }

    private List<JsonObject> audit(String action) {
        return admin.get("api/audit?project=" + PROJECT + "&action=" + action)
                .expect(200)
                .items();
    }

    @Test
    @Order(1)
    void whatAPolicyHasDoneAreSchedulesOfItsOwn() {
        JsonObject made = admin.post(project.path("policies"), json("""
                        {'name': 'gold', 'databases': ['shop'], 'keep': {'count': 2}, 'stores': ['local', '%s'],
                         'goals': {'stores': 2, 'keyDays': 30, 'kitHours': 1}, 'schedules': [%s, %s, %s]}
                        """.formatted(STORE, fullBackup, DRILL, EXPIRE)))
                .expect(201)
                .object()
                .getJsonObject("policy");
        Map<String, JsonObject> all = schedules.all();
        JsonObject full = schedules.named("gold-full");
        assertAll(
                () -> assertEquals(Set.of("gold-full", "gold-proof", "gold-expire"), all.keySet()),
                () -> assertTrue(all.values().stream()
                        .allMatch(each -> each.getString("policy").equals("gold"))),
                () -> assertEquals("backup", full.getString("job")),
                () -> assertEquals("[\"shop\"]", full.getJsonArray("databases").toString()),
                () -> assertEquals("[\"12-24\"]", full.getJsonArray("except").toString()),
                () -> assertEquals("full", full.getJsonObject("parameters").getString("kind")),
                () -> assertEquals("local", full.getJsonObject("parameters").getString("store")),
                () -> assertEquals(STORE, full.getJsonObject("parameters").getString("copies")),
                () -> assertEquals(20_480, full.getJsonObject("parameters").getInt("rateLimitKilobytesPerSecond")),
                () -> assertEquals(
                        20_480, made.getJsonArray("schedules").getJsonObject(0).getInt("rateLimitKilobytesPerSecond")),
                () -> assertTrue(made.getJsonArray("schedules").getJsonObject(1).isNull("rateLimitKilobytesPerSecond")),
                () -> assertEquals(
                        "random",
                        schedules
                                .named("gold-proof")
                                .getJsonObject("parameters")
                                .getString("which")),
                () -> assertTrue(schedules
                        .named("gold-expire")
                        .getJsonObject("parameters")
                        .getBoolean("apply")),
                () -> assertEquals(
                        full.getJsonArray("nextFires").getString(0),
                        made.getJsonArray("schedules").getJsonObject(0).getString("nextFire")),
                () -> assertEquals(3, audit("schedule.add").size()),
                () -> assertTrue(audit("schedule.add").get(0).toString().contains("gold")),
                () -> assertTrue(audit("policy.add").get(0).toString().contains("DRILL_RANDOM")));
    }

    @Test
    @Order(2)
    void byThemselvesTheyAreOnlyPausedAndResumed() {
        Api operator = Accounts.key(nightshift, PROJECT, "OPERATOR");
        String full = project.path("schedules/gold-full");
        JsonObject refused =
                operator.put(full, json("{'cron': '0 3 * * *'}")).expect(409).object();
        assertAll(
                () -> assertTrue(refused.toString().contains("belongs to the policy gold"), refused::toString),
                () -> assertEquals(
                        409, operator.delete(full + "?confirm=gold-full").status()),
                () -> assertEquals(
                        403,
                        operator.put(project.path("policies/gold"), json("{'schedules': []}"))
                                .status()),
                () -> assertEquals(
                        200,
                        operator.post(full + "/pause", json("{'why': 'moving'}"))
                                .status()));
        assertTrue(details("gold")
                .getJsonObject("policy")
                .getJsonArray("schedules")
                .getJsonObject(0)
                .getBoolean("paused"));
        change(
                        "gold",
                        "{'schedules': [%s, %s, %s]}"
                                .formatted(fullBackup.replace("* * * *", "*/2 * * *"), DRILL, EXPIRE))
                .expect(200);
        JsonObject changed = schedules.named("gold-full");
        assertAll(
                () -> assertEquals(minute + " */2 * * *", changed.getString("cron")),
                () -> assertEquals("moving", changed.getJsonObject("paused").getString("why"), "it stays paused"),
                () -> assertEquals(1, audit("schedule.change").size(), "of what changed alone"),
                () -> assertEquals(200, operator.post(full + "/resume").status()));
    }

    @ParameterizedTest
    @Order(3)
    @CsvSource(
            delimiter = '|',
            value = {
                "'schedules': [{'work': 'FULL', 'cron': '0 2 * *', 'zone': 'UTC'}] | schedules[0].cron",
                "'schedules': [F, {'work': 'DATA', 'cron': '0 2 * * *', 'zone': 'Vienna'}] | schedules[1].zone",
                "'schedules': [{'work': 'DATA', 'cron': '0 2 * * *', 'zone': 'UTC', 'except': ['soon']}] | schedules[0].except[0]",
                "'schedules': [{'work': 'MAGIC', 'cron': '0 2 * * *', 'zone': 'UTC'}] | schedules[0].work",
                "'schedules': [{'work': 'FULL', 'zone': 'UTC'}] | schedules[0].cron",
                "'schedules': [null] | schedules[0]",
                "'schedules': [F, F] | schedules[1].name",
                "'schedules': [{'name': 'A b', 'work': 'FULL', 'cron': '0 2 * * *', 'zone': 'UTC'}] | schedules[0].name",
                "'keep': {}, 'schedules': [F, E] | schedules[1].work",
                "'stores': ['local', 'nowhere'] | stores[1]",
                "'stores': ['local', 'local'] | stores[1]",
                "'goals': {'stores': 0} | goals.stores"
            })
    void whatCouldNotBeDoneIsRefusedByItsFieldAndChangesNothing(String body, String field) {
        String before = schedules.all().toString();
        assertEquals(
                field,
                change(
                                "gold",
                                "{"
                                        + body.replace("[F", "[" + fullBackup)
                                                .replace("F]", fullBackup + "]")
                                                .replace("E]", EXPIRE + "]")
                                        + "}")
                        .expect(400)
                        .object()
                        .getString("field"));
        assertEquals(before, schedules.all().toString());
    }

    @Test
    @Order(4)
    void itsFireTakesABackupIntoTheStoresThatThePolicyNames() throws Exception {
        JsonObject run = schedules.fired("gold-full");
        assertEquals("COMPLETED", run.getString("status"), run::toString);
        String backup = project.backups("shop").get(0).getString("id");
        assertAll(
                () -> assertTrue(holds(nightshift.data().resolve("store"), backup), "local"),
                () -> assertTrue(holds(s3.bucket(), backup), STORE));
        goal("STORES", "MET", 2, ", lies whole in 2 stores: local, " + STORE + ".");
        goal("KEY", "MET", null, "The oldest key that its newest good backup needs");
        goal("KIT", "MET", null, "is in no recovery kit.");
        admin.post(project.path("recovery-key")).expect(200);
        goal("KIT", "MET", 0, "was put into a recovery kit or a key file.");
        change("gold", "{'goals': {'stores': 3}}").expect(200);
        goal("STORES", "MISSED", 2, ", lies whole in 2 stores");
    }

    private static boolean holds(Path store, String backup) throws IOException {
        try (var files = Files.walk(store)) {
            return files.anyMatch(file -> file.endsWith(Path.of(backup, "manifest.json")));
        }
    }

    private void goal(String name, String state, @Nullable Integer measured, String reason) {
        JsonObject goal = details("gold")
                .getJsonArray("instances")
                .getJsonObject(0)
                .getJsonArray("goals")
                .getValuesAs(JsonObject.class)
                .stream()
                .filter(each -> each.getString("goal").equals(name))
                .findFirst()
                .orElseThrow();
        assertAll(
                () -> assertEquals(state, goal.getString("state"), goal::toString),
                () -> assertTrue(measured == null || goal.getInt("measured") == measured, goal::toString),
                () -> assertTrue(goal.getString("reason").contains(reason), goal::toString));
    }

    @Test
    @Order(5)
    void whatAnotherPolicyAnswersForIsItsBusinessAlone() throws SQLException {
        admin.post(
                        project.path("policies"),
                        json("{'name': 'all', 'databases': ['*'], 'schedules': [%s]}".formatted(fullBackup)))
                .expect(201);
        JsonObject run = schedules.fired("all-full");
        assertAll(
                () -> assertEquals("SKIPPED", run.getString("status"), run::toString),
                () -> assertEquals(
                        "Other policies answer for every server that the policy all means.", run.getString("reason")));
    }

    @Test
    @Order(6)
    void aProjectsPolicyTouchesNoSchedulesOfAnother() {
        admin.post(
                        other.path("policies"),
                        json("{'name': 'gold', 'databases': ['*'], 'schedules': [%s]}".formatted(fullBackup)))
                .expect(201);
        admin.delete(other.path("policies/gold?confirm=gold")).expect(200);
        assertAll(
                () -> assertEquals(Map.of(), new TestSchedules(nightshift, other).all()),
                () -> assertEquals(
                        Set.of("gold-full", "gold-proof", "gold-expire", "all-full"),
                        schedules.all().keySet()));
    }

    @Test
    @Order(7)
    void aNameThatAnotherScheduleHasIsAConflictThatLeavesNothing() {
        admin.post(
                        project.path("schedules"),
                        json(
                                "{'name': 'silver-full', 'job': 'vacuum', 'cron': '0 2 * * *', 'zone': 'UTC', 'databases': ['*']}"))
                .expect(201);
        admin.post(
                        project.path("policies"),
                        json("{'name': 'silver', 'databases': ['*'], 'schedules': [%s, %s]}"
                                .formatted(DRILL, fullBackup)))
                .expect(409);
        assertAll(
                () -> assertEquals(
                        404, admin.get(project.path("policies/silver")).status()),
                () -> assertTrue(!schedules.all().containsKey("silver-proof")));
    }

    @Test
    @Order(8)
    void aTagThatNobodyCarriesAnyMoreKeepsNobodyFromChangingTheRestAndIsToldWhenItIsDue() throws SQLException {
        String shop = project.path("databases/shop");
        admin.put(shop, json("{'tags': ['night']}")).expect(200);
        admin.post(
                        project.path("policies"),
                        json("{'name': 'tagged', 'databases': ['tag:night'], 'goals': {'backupHours': 900}}"))
                .expect(201);
        admin.put(shop, json("{'tags': []}")).expect(200);
        change("tagged", "{'schedules': [%s]}".formatted(fullBackup)).expect(200);
        JsonObject run = schedules.fired("tagged-full");
        admin.delete(project.path("policies/tagged?confirm=tagged")).expect(200);
        assertAll(
                () -> assertEquals("MISSED", run.getString("status"), run::toString),
                () -> assertTrue(
                        run.getString("reason").contains("no longer has any of the databases"), run::toString));
    }

    @Test
    @Order(9)
    void aStoreThatIsGoneKeepsNobodyFromChangingTheRest() throws SQLException {
        nightshift.repository().execute("update backup.store set name = 'gone' where name = '" + STORE + "'");
        try {
            change("gold", "{'description': 'the shop'}").expect(200);
            change("gold", "{'keep': {'count': 3}}").expect(200);
            assertEquals(
                    "stores[2]",
                    change("gold", "{'stores': ['local', '%s', 'nowhere']}".formatted(STORE))
                            .expect(400)
                            .object()
                            .getString("field"));
        } finally {
            nightshift.repository().execute("update backup.store set name = '" + STORE + "' where name = 'gone'");
        }
    }

    @Test
    @Order(10)
    void withThePolicyGoWhatItNamedAndItsSchedules() {
        Api.Answer named = admin.delete("api/stores/" + STORE + "?confirm=" + STORE);
        Set<String> before = new HashSet<>(schedules.all().keySet());
        change("gold", "{'stores': ['local'], 'schedules': [%s, %s]}".formatted(fullBackup, EXPIRE))
                .expect(200);
        JsonObject full = schedules.named("gold-full");
        Set<String> between = new HashSet<>(schedules.all().keySet());
        admin.delete(project.path("policies/gold?confirm=gold")).expect(200);
        before.removeAll(between);
        assertAll(
                () -> assertEquals(409, named.status()),
                () -> assertEquals(Set.of("gold-proof"), before),
                () -> assertEquals(
                        "{\"kind\":\"full\",\"store\":\"local\"}", given(full).toString()),
                () -> assertEquals(
                        Set.of("silver-full", "all-full"), schedules.all().keySet()),
                () -> assertEquals(4, audit("schedule.delete").size()));
    }

    private static JsonObject given(JsonObject schedule) {
        JsonObject parameters = schedule.getJsonObject("parameters");
        var given = Json.createObjectBuilder().add("kind", parameters.getString("kind"));
        for (String each : List.of("store", "copies")) {
            if (parameters.containsKey(each)) {
                given.add(each, parameters.get(each));
            }
        }
        return given.build();
    }
}
