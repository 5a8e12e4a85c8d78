package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.S3StandIn;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestStores;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.util.Map;
import java.util.Set;
import java.util.stream.Collectors;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** A store that is lost for good: what it means is said before, nothing waits for it, and it can be found again. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class LostStoreIT {
    private static final String STORE = "vanishing";
    private static final String LOSS = "api/stores/" + STORE + "/loss";

    private final Nightshift nightshift = Nightshift.shared();
    private final Api admin = nightshift.admin();
    private S3StandIn s3;
    private Postgres source;
    private TestProject project;

    @BeforeAll
    void aStore() throws Exception {
        s3 = S3StandIn.start(0);
        s3.login("all", Nightshift.CREDENTIAL, S3StandIn.Right.values());
        source = Postgres.start(18, Map.of("max_wal_senders", "6"));
        project = TestProject.create(admin, "losing");
        project.register("gone", source, "postgres");
        TestStores.define(admin, TestStores.bucket(STORE, S3StandIn.BUCKET, s3.endpoint(), "all"));
    }

    @AfterAll
    void close() {
        source.close();
        s3.close();
    }

    private String take(String store) {
        return IncrementalRefusedIT.figures(project.complete("backup", "gone", TestProject.parameters("store", store)))
                .getString("backup");
    }

    private JsonObject expire(int keep) {
        return project.expire("gone", keep, true);
    }

    private Set<String> kept() {
        return project.backups("gone").stream()
                .map(each -> each.getString("id"))
                .collect(Collectors.toSet());
    }

    @Test
    void nothingWaitsForAStoreThatIsDeclaredLost() {
        String copied = take(STORE);
        project.complete("copy", "gone", TestProject.parameters("store", "local"));
        String only = take(STORE);
        String both = take("local");
        project.complete("copy", "gone", TestProject.parameters("store", STORE));
        String location = project.backup(only).getString("location");
        s3.away(true);

        JsonObject loss = admin.get(LOSS).expect(200).object();
        JsonObject here = loss.getJsonArray("projects").getJsonObject(0);
        assertEquals(1, here.getInt("backupsLost"), loss::toString);
        assertEquals(2, here.getInt("backupsElsewhere"), loss::toString);
        JsonObject why = Json.createObjectBuilder()
                .add("reason", "the account is closed")
                .build();
        admin.put(LOSS, why).expect(400);
        assertFalse(admin.get(LOSS).expect(200).object().getBoolean("lost"));
        assertTrue(
                admin.put(LOSS + "?confirm=" + STORE, why).expect(200).object().getBoolean("lost"));
        assertTrue(admin.get("api/stores").expect(200).array().getValuesAs(JsonObject.class).stream()
                .anyMatch(each -> each.getString("name").equals(STORE) && !each.isNull("lostSince")));

        String refused = project.start("backup", "gone", TestProject.parameters("store", STORE));
        assertEquals("FAILED", project.ended(refused, Duration.ofMinutes(3)).getString("status"));
        assertTrue(project.log(refused).contains("is declared lost"), () -> project.log(refused));
        JsonObject rebuilt = project.complete("rebuild-catalogue");
        assertTrue(project.log(rebuilt.getString("id")).contains("declared lost, and not looked through"));
        JsonObject expired = expire(2);
        assertEquals(Set.of(both, copied), kept(), "a copy that was never drilled is all that there is of it");
        assertTrue(project.log(expired.getString("id")).contains("nothing is freed there"));
        assertTrue(s3.bytes(location) > 0);

        s3.away(false);
        assertFalse(admin.delete(LOSS).expect(200).object().getBoolean("lost"));
        admin.delete(LOSS).expect(404);
        expire(2);
        assertEquals(0, s3.versions(location), "what expired meanwhile is freed once the store is found");
        take("local");
        expire(1);
        admin.delete("api/stores/" + STORE + "?confirm=" + STORE).expect(204);
    }
}
