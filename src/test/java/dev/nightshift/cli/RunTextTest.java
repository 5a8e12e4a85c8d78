package dev.nightshift.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import jakarta.json.Json;
import jakarta.json.JsonReader;
import java.io.StringReader;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class RunTextTest {
    private static final Instant NOW = Instant.parse("2026-11-28T02:16:03Z");

    private static Facts run(String status, String more) {
        String text = """
                {"id":"01a1","job":"backup","status":"%s","trigger":"KEY","triggeredBy":"ci","startedAt":"2026-11-28T02:15:00Z",
                 "durationMillis":null%s}""".formatted(status, more);
        try (JsonReader reader = Json.createReader(new StringReader(text))) {
            return new Facts(reader.readObject());
        }
    }

    private static String target(String database, String status, String copy) {
        return """
                {"id":"t-%1$s","database":"%1$s","databases":["%1$s"],"status":"%2$s","progress":
                 {"done":80000000,"total":190000000,"unit":"bytes","etaMillis":80000},
                 "steps":[{"name":"checkpoint","status":"COMPLETED","figure":null},{"name":"copy","status":"%3$s"}]}""".formatted(database, status, copy);
    }

    @Test
    void theBarShowsShareTimeStepAndWhatIsLeft() {
        Facts run = run("STARTED", ",\"progress\":0.42,\"targets\":[" + target("shop", "STARTED", "STARTED") + "]");
        assertEquals(
                "◐ running  ██████████░░░░░░░░░░░░░░  42 %  1 min 03 s  copy 80.0 MB of 190.0 MB, 1 min 20 s left",
                RunText.bar(run, NOW));
    }

    @Test
    void whatWaitsSaysWhyInsteadOfABar() {
        assertEquals(
                "○ waiting  1 min 03 s  Another backup of shop runs.",
                RunText.bar(run("WAITING", ",\"progress\":null,\"reason\":\"Another backup of shop runs.\""), NOW));
    }

    @Test
    void theNewsAreWhatChangedAndNothingElse() {
        Facts before = run("STARTED", ",\"targets\":[" + target("shop", "STARTED", "WAITING") + "]");
        Facts now = run("STARTED", ",\"targets\":[" + target("shop", "STARTED", "STARTED") + "]");
        assertEquals(List.of("shop copy  ◐ running"), RunText.news(before, now));
        assertEquals(List.of(), RunText.news(now, now));
        Facts end = run("COMPLETED", ",\"targets\":[" + target("shop", "COMPLETED", "COMPLETED") + "]");
        assertEquals(List.of("backup  ● done", "shop copy  ● done"), RunText.news(now, end));
    }

    @Test
    void theEndNamesJobDatabaseTimeAndId() {
        Facts run = run("FAILED", ",\"targets\":[" + target("shop", "FAILED", "FAILED") + "]");
        assertEquals("■ failed  backup of shop  01a1", RunText.end(run, false));
    }

    @Test
    void aFailureComesWithItsRemedy() {
        Facts run = run(
                "PARTIAL",
                ",\"targets\":[{\"database\":\"shop\",\"status\":\"FAILED\",\"reason\":\"Disk full.\",\"remedy\":\"Free space.\"},"
                        + "{\"database\":\"crm\",\"status\":\"COMPLETED\"}]");
        assertEquals(List.of("shop: Disk full. Free space."), RunText.complaints(run));
    }

    @Test
    void aLongListOfDatabasesIsCutAndCounted() {
        assertEquals(
                "a, b, c, d, e and 7 more",
                RunText.databases(run(
                        "STARTED",
                        ",\"summary\":{\"databases\":[\"a\",\"b\",\"c\",\"d\",\"e\"],\"databaseCount\":12}")));
    }
}
