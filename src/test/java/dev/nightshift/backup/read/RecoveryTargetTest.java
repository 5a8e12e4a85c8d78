package dev.nightshift.backup.read;

import static dev.nightshift.testing.Refused.refusedField;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import java.time.Instant;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RecoveryTargetTest {
    private static final RecoveryTarget.Fields FIELDS = new RecoveryTarget.Fields("kind", "text", "timeline");

    private static RecoveryTarget.Point parse(String kind, @Nullable String text) {
        return RecoveryTarget.parse(kind, text, null, FIELDS).point();
    }

    @Test
    void everyKindIsReadAsTheServerPrintsIt() {
        assertEquals(new RecoveryTarget.Latest(), parse("latest", null));
        assertEquals(
                new RecoveryTarget.Time(Instant.parse("2026-02-01T02:04:05.123456Z")),
                parse("time", "2026-02-01T03:04:05.123456789+01:00"));
        assertEquals(new RecoveryTarget.Position(Lsn.parse("16/B374D848")), parse("lsn", " 16/b374d848 "));
        assertEquals(new RecoveryTarget.Transaction((int) 4_000_000_000L), parse("xid", "4000000000"));
        assertEquals("transaction 4000000000", parse("xid", "4000000000").words());
        assertEquals(new RecoveryTarget.Transaction(7), parse("xid", String.valueOf((3L << 32) + 7)));
        assertEquals(new RecoveryTarget.Named("before it"), parse("name", "before it"));
    }

    @ParameterizedTest
    @CsvSource({
        "time, 2026-02-01T03:04:05, text",
        "time, yesterday, text",
        "time, 1999-12-31T23:59:59Z, text",
        "time, +12000-01-01T00:00:00Z, text",
        "time, '', text",
        "lsn, 16B374D848, text",
        "lsn, 1/-5, text",
        "lsn, 1/123456789, text",
        "xid, 2, text",
        "xid, -5, text",
        "xid, 4294967296, text",
        "xid, 99999999999999999999, text",
        "name, '', text",
        "name, ééééééééééééééééééééééééééééééééx€, text",
        "latest, now, text",
        "immediate, '', kind"
    })
    void whatBreaksARuleNamesItsField(String kind, String text, String field) {
        assertEquals(field, refusedField(() -> parse(kind, text)));
    }

    @Test
    void aLineEndInANameAndATimelineOfNothingAreRefused() {
        assertThrows(Failure.Invalid.class, () -> parse("name", "a\nrestore_command"));
        assertEquals("timeline", refusedField(() -> RecoveryTarget.parse("latest", null, 0, FIELDS)));
    }

    @Test
    void theServerIsToldInItsOwnForm() {
        assertEquals(
                Map.entry("recovery_target_time", "2026-02-01 02:04:05.120000+00:00"),
                RecoverySettings.target(parse("time", "2026-02-01T02:04:05.12Z")));
        assertEquals(
                Map.entry("recovery_target_xid", "4000000000"), RecoverySettings.target(parse("xid", "4000000000")));
    }
}
