package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.backup.policy.Goals;
import dev.nightshift.backup.policy.Policy;
import dev.nightshift.backup.policy.Scheduled;
import dev.nightshift.kernel.Name;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class PolicyWorkTest {
    private static Scheduled asked(
            String work, @Nullable String from, @Nullable String kit, @Nullable String passphraseFile) {
        return new PolicyBody.ScheduleView(null, work, "0 4 * * *", "UTC", null, from, kit, passphraseFile, null)
                .scheduled("schedules[0]");
    }

    /** As the schedule has them, whose job is checked with them. */
    private static String parameters(Scheduled scheduled) {
        Policy policy = new Policy(
                new UUID(0, 1),
                new Name("gold"),
                "",
                List.of("*"),
                Goals.NONE,
                new KeepRule(0, 1, 0, 0, 0, 0),
                List.of(scheduled),
                List.of("local", "offsite"));
        return PolicyWork.parameters(policy, scheduled).toString();
    }

    @Test
    void aDrillReadsWhatItsLineSays() {
        assertAll(
                () -> assertEquals(
                        "{\"which\":\"random\",\"from\":\"each-store\"}",
                        parameters(asked("DRILL_RANDOM", "each-store", null, null))),
                () -> assertEquals(
                        "{\"which\":\"random-point\",\"from\":\"offsite\",\"kit\":\"/safe/kit.json\","
                                + "\"passphraseFile\":\"/safe/passphrase\"}",
                        parameters(asked("DRILL_RANDOM_POINT", "offsite", "/safe/kit.json", "/safe/passphrase"))));
    }

    @Test
    void whatIsLeftOutOrEmptyIsLeftToTheJob() {
        assertAll(
                () -> assertEquals("{\"which\":\"newest\"}", parameters(asked("DRILL_NEWEST", null, null, null))),
                () -> assertEquals("{\"which\":\"newest\"}", parameters(asked("DRILL_NEWEST", "", " ", ""))),
                () -> assertEquals(
                        "{\"kind\":\"full\",\"store\":\"local\",\"copies\":\"offsite\"}",
                        parameters(asked("FULL", "", "", ""))));
    }

    @Test
    void aBackupIsHeldBackAsItsLineSays() {
        Scheduled line = new PolicyBody.ScheduleView(
                        null, "INCREMENTAL", "0 4 * * *", "UTC", null, null, null, null, 2048)
                .scheduled("schedules[0]");
        assertEquals(
                "{\"kind\":\"incremental\",\"store\":\"local\",\"copies\":\"offsite\",\"rateLimitKilobytesPerSecond\":2048}",
                parameters(line));
    }

    @Test
    void whatTheJobRefusesIsTheLinesOwnField() {
        assertAll(
                () -> assertEquals(
                        "schedules[3].rateLimitKilobytesPerSecond",
                        PolicyWork.field(3, "parameters.rateLimitKilobytesPerSecond")),
                () -> assertEquals("schedules[3].from", PolicyWork.field(3, "parameters.from")),
                () -> assertEquals("schedules[3].kit", PolicyWork.field(3, "parameters.kit")),
                () -> assertEquals("schedules[3].passphraseFile", PolicyWork.field(3, "parameters.passphraseFile")),
                () -> assertEquals("schedules[3].cron", PolicyWork.field(3, "cron")),
                () -> assertEquals("schedules[3].except[1]", PolicyWork.field(3, "except[1]")),
                () -> assertEquals("schedules[3].work", PolicyWork.field(3, "parameters.which")),
                () -> assertEquals("stores[0]", PolicyWork.field(3, "parameters.store")),
                () -> assertEquals("stores", PolicyWork.field(3, "parameters.copies")),
                () -> assertEquals("databases[1]", PolicyWork.field(3, "databases[1]")));
    }
}
