package dev.nightshift.job.schedule;

import static dev.nightshift.testing.Refused.refusedField;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.kernel.Failure;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PlanTest {
    private static Plan plan(@Nullable String cron, @Nullable String after, List<String> except) {
        return new Plan(
                "vacuum",
                cron,
                after,
                "UTC",
                List.of("*"),
                JsonValue.EMPTY_JSON_OBJECT,
                Misfire.ONCE,
                Overlap.SKIP,
                except,
                true);
    }

    @Test
    void aScheduleHasTimesOrAJobThatItFollows() {
        assertDoesNotThrow(() -> plan("0 2 * * *", null, List.of()));
        assertDoesNotThrow(() -> plan(null, "backup", List.of()));
        assertThrows(Failure.Invalid.class, () -> plan(null, null, List.of()));
        assertThrows(Failure.Invalid.class, () -> plan("0 2 * * *", "backup", List.of()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"2026-12-24", "12-24", "02-29", "2028-02-29"})
    void daysThatAreLeftOut(String day) {
        assertDoesNotThrow(() -> plan("0 2 * * *", null, List.of(day)));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "2026-13-01",
                "2027-02-29",
                "12-32",
                "24.12.",
                "Christmas",
                "2026-12-24T00:00",
                "",
                "+12026-01-01"
            })
    void otherWordsAreRefusedByTheirPlace(String day) {
        var refused = assertThrows(Failure.Invalid.class, () -> plan("0 2 * * *", null, List.of("12-24", day)));
        assertEquals("except[1]", refused.field());
    }

    @Test
    void noMoreThanAHundred() {
        var refused =
                assertThrows(Failure.Invalid.class, () -> plan("0 2 * * *", null, Collections.nCopies(101, "12-24")));
        assertEquals("except", refused.field());
    }

    @Test
    void aChainMayNotGoRound() {
        var chain = new Chain(Map.of("backup", Set.of("restore-drill", "vacuum"), "restore-drill", Set.of("purge")));
        assertDoesNotThrow(() -> chain.refuseCircle("vacuum", "purge"));
        assertThrows(Failure.Invalid.class, () -> chain.refuseCircle("purge", "backup"));
        assertThrows(Failure.Invalid.class, () -> chain.refuseCircle("vacuum", "backup"));
        assertThrows(Failure.Invalid.class, () -> chain.refuseCircle("vacuum", "vacuum"));
    }

    @Test
    void aPauseEndsAheadAndSaysWhy() {
        Instant now = Instant.parse("2026-11-21T12:00:00Z");
        assertEquals("until", refusedField(() -> Pause.of(Optional.empty(), now, now, "mira", "because")));
        assertEquals("why", refusedField(() -> Pause.of(Optional.empty(), now, null, "mira", " ")));
        Pause open = Pause.of(Optional.empty(), now, null, "mira", " because ");
        assertEquals(new Pause(now, now.plusSeconds(60), "mira", "because"), open.ended(now.plusSeconds(60)));
        Pause over = Pause.of(Optional.empty(), now, now.plusSeconds(30), "mira", "because");
        assertEquals(over, over.ended(now.plusSeconds(60)));
        assertEquals(
                now,
                Pause.of(Optional.of(over), now.plusSeconds(10), null, "jonas", "longer")
                        .since(),
                "one that goes on began when it began");
        assertEquals(
                now.plusSeconds(60),
                Pause.of(Optional.of(over), now.plusSeconds(60), null, "jonas", "again")
                        .since());
    }
}
