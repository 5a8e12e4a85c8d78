package dev.nightshift.retention;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.TypedSettings;
import dev.nightshift.tenancy.Expiring.Kept;
import java.time.Duration;
import java.time.Instant;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RetentionTest {
    @ParameterizedTest
    @CsvSource({
        "6,90,730,20,runDays",
        "3651,90,730,20,runDays",
        "400,0,730,20,logDays",
        "400,90,89,20,auditDays",
        "400,90,730,-1,keepRuns",
        "400,90,730,1001,keepRuns"
    })
    void aNumberOutOfItsRangeIsRefusedByItsName(int runs, int logs, int audit, int keep, String field) {
        var refused = assertThrows(Failure.Invalid.class, () -> new Retention(runs, logs, audit, keep));
        assertEquals(field, refused.field());
    }

    @Test
    void eachKindIsKeptForItsOwnTime() {
        var retention = new Retention(400, 90, 730, 20);
        Instant now = Instant.parse("2026-11-25T03:00:00Z");
        assertEquals(now.minus(Duration.ofDays(90)), retention.before(Kept.LOGS, now));
        assertEquals(now.minus(Duration.ofDays(400)), retention.before(Kept.RUNS, now));
        assertEquals(now.minus(Duration.ofDays(730)), retention.before(Kept.AUDIT, now));
        assertEquals(now.minus(Duration.ofDays(30)), retention.before(Kept.DELETED, now));
    }

    @Test
    void nothingIsOldEnoughInAProjectThatIsYoungerThanTheShortestTime() {
        assertEquals(Duration.ofDays(30), new Retention(400, 90, 730, 20).shortest());
        assertEquals(Duration.ofDays(5), new Retention(400, 5, 730, 20).shortest());
    }

    @Test
    void theInstallationsAuditIsKeptForTwoYearsUnlessSetOtherwiseAndNeverForLessThanNinetyDays() {
        assertEquals(730, RetentionConfig.of(TypedSettings.NONE).auditDays());
        assertEquals(
                90,
                RetentionConfig.of(TypedSettings.of(Map.of("NIGHTSHIFT_AUDIT_DAYS", "90")))
                        .auditDays());
        var refused = assertThrows(
                IllegalArgumentException.class,
                () -> RetentionConfig.of(TypedSettings.of(Map.of("NIGHTSHIFT_AUDIT_DAYS", "89"))));
        assertEquals("nightshift.audit.days is not a whole number from 90 to 3650: 89", refused.getMessage());
    }
}
