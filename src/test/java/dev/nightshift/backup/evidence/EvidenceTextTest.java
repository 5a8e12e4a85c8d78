package dev.nightshift.backup.evidence;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.backup.evidence.Evidence.Kind;
import dev.nightshift.backup.evidence.Evidence.Measured;
import dev.nightshift.backup.evidence.Evidence.Uncovered;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class EvidenceTextTest {
    @Test
    void whatIsWrittenIsReadAgain() {
        for (Evidence evidence : List.of(evidence(Lsn.parse("1/2A")), evidence(null))) {
            assertEquals(evidence, EvidenceText.parse(EvidenceText.bytes(evidence)));
        }
    }

    private static Evidence evidence(@Nullable Lsn position) {
        return new Evidence(
                "Shop \u00e9",
                position,
                Instant.parse("2026-01-02T03:04:05.678Z"),
                Duration.ofMillis(1234),
                List.of(
                        new Measured(Kind.TABLE, "public.\"T\"", "select 1", 7, "-123456789012345678901", null, false),
                        new Measured(Kind.TABLE, "public.big", "select 2", 8, "9", 0.5, true),
                        new Measured(Kind.SEQUENCE, "public.s", "select 3", 9, "", null, false)),
                List.of(new Uncovered("public.u", "unlogged")));
    }

    @Test
    void evidenceOfANewerVersionOrNoneAtAllIsRefused() {
        String newer = new String(EvidenceText.bytes(evidence(null)), StandardCharsets.UTF_8)
                .replace("\"version\":1", "\"version\":2");
        for (String text : List.of(newer, "{}", "nonsense", "")) {
            assertThrows(Failure.Fatal.class, () -> EvidenceText.parse(text.getBytes(StandardCharsets.UTF_8)), text);
        }
    }

    @Test
    void aSequenceHasToBeReachedAndRowsHaveToBeTheSame() {
        var sequence = new Measured(Kind.SEQUENCE, "s", "", 10, "", null, false);
        var table = new Measured(Kind.TABLE, "t", "", 10, "5", null, false);
        assertEquals(
                List.of(true, true, false, true, false, false),
                List.of(
                        new Answer(10, "").matches(sequence),
                        new Answer(42, "").matches(sequence),
                        new Answer(9, "").matches(sequence),
                        new Answer(10, "5").matches(table),
                        new Answer(11, "5").matches(table),
                        new Answer(10, "6").matches(table)));
    }
}
