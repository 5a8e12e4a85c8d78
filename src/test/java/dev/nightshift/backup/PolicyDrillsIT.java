package dev.nightshift.backup;

import static dev.nightshift.testing.Api.json;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.TestSchedules;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.List;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.MethodOrderer;
import org.junit.jupiter.api.Order;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestMethodOrder;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A policy's drills read the stores that their lines name, by the recovery kit that they name. */
@Tag("thorough")
@TestMethodOrder(MethodOrderer.OrderAnnotation.class)
class PolicyDrillsIT extends TwoStores {
    private static final String PASSPHRASE = "five words nobody would guess";

    /** Nothing is due by itself for a while. */
    private final int minute =
            Instant.now().plusSeconds(1_800).atOffset(ZoneOffset.UTC).getMinute();

    private String backup;
    private Path kit;
    private Path passphrase;

    PolicyDrillsIT() {
        super("policy-drills");
    }

    @BeforeAll
    void aBackupInTwoStoresAndAKitInTheSafe() throws IOException {
        backup = take(with("copies", "nas"));
        Path safe = Files.createDirectories(nightshift.data().resolve("credentials"));
        kit = Files.writeString(safe.resolve("kit.json"), project.recoveryKit(PASSPHRASE));
        passphrase = Files.writeString(safe.resolve("passphrase"), PASSPHRASE + "\n");
    }

    /** A drill as a line of a policy, with what is said of it besides. */
    private String drill(String name, String more) {
        return "{'name': '%s', 'work': 'DRILL_NEWEST', 'cron': '%d * * * *', 'zone': 'UTC'%s}"
                .formatted(name, minute, more);
    }

    private JsonObject schedule(String name) {
        return admin.get(project.path("schedules/" + name)).expect(200).object();
    }

    private void fire(String schedule) throws SQLException {
        project.completed(new TestSchedules(nightshift, project).fired(schedule).getString("id"));
    }

    private JsonObject line(int at) {
        return admin.get(project.path("policies/proven"))
                .expect(200)
                .object()
                .getJsonObject("policy")
                .getJsonArray("schedules")
                .getJsonObject(at);
    }

    @Test
    @Order(1)
    void theLineAndItsScheduleSayWhatIsRead() {
        admin.post(
                        project.path("policies"),
                        json("{'name': 'proven', 'databases': ['shop'], 'schedules': [%s, %s, %s]}"
                                .formatted(
                                        drill("plain", ""),
                                        drill("nas", ", 'from': 'nas'"),
                                        drill(
                                                "safe",
                                                ", 'from': 'each-store', 'kit': '%s', 'passphraseFile': '%s'"
                                                        .formatted(kit, passphrase)))))
                .expect(201);
        JsonObject plain = schedule("proven-plain").getJsonObject("parameters");
        assertAll(
                () -> assertTrue(line(0).isNull("from") && line(0).isNull("kit"), () -> line(0).toString()),
                () -> assertFalse(plain.containsKey("from") || plain.containsKey("kit"), plain::toString),
                () -> assertEquals("nas", line(1).getString("from")),
                () -> assertEquals(
                        "nas",
                        schedule("proven-nas").getJsonObject("parameters").getString("from")));
        for (JsonObject each : List.of(line(2), schedule("proven-safe").getJsonObject("parameters"))) {
            assertAll(
                    () -> assertEquals("each-store", each.getString("from"), each::toString),
                    () -> assertEquals(kit.toString(), each.getString("kit")),
                    () -> assertEquals(passphrase.toString(), each.getString("passphraseFile")));
        }
    }

    @ParameterizedTest
    @Order(2)
    @CsvSource(
            delimiter = '|',
            value = {
                "FULL | ,'from':'local' | from",
                "FULL | ,'rateLimitKilobytesPerSecond':0 | rateLimitKilobytesPerSecond",
                "FULL | ,'rateLimitKilobytesPerSecond':-64 | rateLimitKilobytesPerSecond",
                "FULL | ,'rateLimitKilobytesPerSecond':31 | rateLimitKilobytesPerSecond",
                "FULL | ,'rateLimitKilobytesPerSecond':1048577 | rateLimitKilobytesPerSecond",
                "DRILL_NEWEST | ,'rateLimitKilobytesPerSecond':64 | rateLimitKilobytesPerSecond",
                "EXPIRE | ,'kit':'KIT','passphraseFile':'PASSPHRASE' | kit",
                "DRILL_RANDOM | ,'from':'nowhere' | from",
                "DRILL_NEWEST | ,'kit':'KIT' | passphraseFile",
                "DRILL_NEWEST | ,'passphraseFile':'PASSPHRASE' | kit",
                "DRILL_RANDOM_POINT | ,'kit':'/etc/passwd','passphraseFile':'PASSPHRASE' | kit",
                "DRILL_RANDOM | ,'kit':'KIT','passphraseFile':'/etc/passwd' | passphraseFile",
                "DRILL_RANDOM | ,'kit':'KIT','passphraseFile':'five words nobody would guess' | passphraseFile"
            })
    void whatCouldNotBeReadIsRefusedByItsField(String work, String more, String field) {
        String before = line(0).toString();
        String asked = "{'keep': {'count': 2}, 'schedules': [%s, {'work': '%s', 'cron': '0 2 * * *', 'zone': 'UTC'%s}]}"
                .formatted(
                        drill("plain", ""),
                        work,
                        more.replace("KIT", kit.toString()).replace("PASSPHRASE", passphrase.toString()));
        assertEquals(
                "schedules[1]." + field,
                admin.put(project.path("policies/proven"), json(asked))
                        .expect(400)
                        .object()
                        .getString("field"));
        assertEquals(before, line(0).toString());
    }

    @Test
    @Order(2)
    void aRateThatIsNoNumberOrTooLongIsRefused() {
        for (String rate : List.of("true", "'fast'", "99999999999")) {
            Api.Answer answer = admin.put(
                    project.path("policies/proven"),
                    json(
                            "{'schedules': [{'work': 'FULL', 'cron': '0 2 * * *', 'zone': 'UTC', 'rateLimitKilobytesPerSecond': %s}]}"
                                    .formatted(rate)));
            assertEquals(400, answer.status(), () -> rate + ": " + answer.body());
        }
    }

    /** It is stored as JSON, which holds less than JSON may say. */
    @Test
    @Order(2)
    void aCharacterThatNobodyCanStoreIsTheCallersMistake() {
        for (String more : List.of(", 'from': '\\u0000'", ", 'except': ['\\u0000']")) {
            Api.Answer answer = admin.put(
                    project.path("policies/proven"), json("{'schedules': [%s]}".formatted(drill("plain", more))));
            assertEquals(400, answer.status(), answer::body);
        }
    }

    @Test
    @Order(3)
    void theirFiresReadTheStoresByTheKit() throws SQLException {
        fire("proven-nas");
        JsonObject nas = drills("").getJsonArray("items").getJsonObject(0);
        assertAll(
                () -> assertEquals("nas", nas.getString("store")),
                () -> assertEquals(backup, nas.getString("backup")),
                () -> assertTrue(nas.isNull("kitMadeAt"), "by the project's keys"));

        fire("proven-safe");
        List<JsonObject> drills = drills("").getJsonArray("items").getValuesAs(JsonObject.class);
        assertEquals(3, drills.size());
        List<JsonObject> byKit = drills.subList(0, 2);
        assertEquals(
                Set.of("local", "nas"),
                byKit.stream().map(each -> each.getString("store")).collect(Collectors.toSet()));
        for (JsonObject each : byKit) {
            assertAll(
                    () -> assertEquals("PASSED", each.getString("outcome"), each::toString),
                    () -> assertEquals(backup, each.getString("backup")),
                    () -> assertFalse(each.isNull("kitMadeAt"), "by the kit alone"));
        }
    }

    @Test
    @Order(4)
    void aLineThatNoLongerSaysSoLeavesItToTheJob() {
        admin.put(
                        project.path("policies/proven"),
                        json("{'schedules': [%s]}".formatted(drill("safe", ", 'from': '', 'kit': ''"))))
                .expect(200);
        JsonObject parameters = schedule("proven-safe").getJsonObject("parameters");
        assertAll(
                () -> assertFalse(
                        parameters.containsKey("from") || parameters.containsKey("passphraseFile"),
                        parameters::toString),
                () -> assertTrue(line(0).isNull("from"), () -> line(0).toString()));
    }

    @Test
    @Order(5)
    void aStoreThatADrillAloneReadsIsNotForgottenWhileItDoes() {
        store(bucket("vault", line.port(), "vault"));
        admin.put(
                        project.path("policies/proven"),
                        json("{'schedules': [%s]}".formatted(drill("vault", ", 'from': 'vault'"))))
                .expect(200);
        JsonObject refused =
                admin.delete("api/stores/vault?confirm=vault").expect(409).object();
        assertEquals(
                "The store vault is named by the policy proven of the project " + project.name() + ".",
                refused.getString("detail"),
                refused::toString);
        admin.put(project.path("policies/proven"), json("{'schedules': [%s]}".formatted(drill("plain", ""))))
                .expect(200);
        admin.delete("api/stores/vault?confirm=vault").expect(204);
        assertEquals(
                "schedules[0].from",
                admin.put(
                                project.path("policies/proven"),
                                json("{'schedules': [%s]}".formatted(drill("vault", ", 'from': 'vault'"))))
                        .expect(400)
                        .object()
                        .getString("field"));
    }
}
