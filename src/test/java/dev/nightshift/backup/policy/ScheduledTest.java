package dev.nightshift.backup.policy;

import static dev.nightshift.testing.Refused.refusedField;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.kernel.Name;
import java.util.Arrays;
import java.util.EnumSet;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class ScheduledTest {
    private static final String KIT = "/safe/kit.json";
    private static final String PASSPHRASE_FILE = "/safe/passphrase";

    private static Scheduled scheduled(
            Work work, @Nullable String from, @Nullable String kit, @Nullable String passphraseFile) {
        return new Scheduled(work.word(), work, "0 4 * * *", "UTC", List.of("12-24"), from, kit, passphraseFile, null);
    }

    private static Policy policy(Scheduled... scheduled) {
        return new Policy(
                new UUID(0, 1),
                new Name("gold"),
                "",
                List.of("*"),
                Goals.NONE,
                new KeepRule(0, 1, 0, 0, 0, 0),
                List.of(scheduled),
                List.of());
    }

    @Test
    void whatADrillReadsIsStoredWithIt() {
        List<Scheduled> lines = List.of(
                scheduled(Work.FULL, null, null, null),
                scheduled(Work.DRILL_NEWEST, "each-store", null, null),
                scheduled(Work.DRILL_RANDOM, null, KIT, PASSPHRASE_FILE),
                scheduled(Work.DRILL_RANDOM_POINT, "offsite", KIT, PASSPHRASE_FILE));
        assertEquals(lines, ScheduledText.read(ScheduledText.write(lines)));
    }

    @Test
    void aLineFromBeforeDrillsSaidWhatTheyReadIsReadAndWrittenAsItWas() {
        String before =
                "[{\"name\":\"proof\",\"work\":\"DRILL_RANDOM\",\"cron\":\"0 5 * * *\",\"zone\":\"UTC\",\"except\":[]}]";
        List<Scheduled> read = ScheduledText.read(before);
        assertAll(
                () -> assertEquals(
                        List.of(new Scheduled(
                                "proof", Work.DRILL_RANDOM, "0 5 * * *", "UTC", List.of(), null, null, null, null)),
                        read),
                () -> assertEquals(before, ScheduledText.write(read)));
    }

    @Test
    void onlyDrillsSayWhatTheyReadAndByWhichKit() {
        assertEquals(
                EnumSet.of(Work.DRILL_NEWEST, Work.DRILL_RANDOM, Work.DRILL_RANDOM_POINT),
                Arrays.stream(Work.values())
                        .filter(Work::isDrill)
                        .collect(Collectors.toCollection(() -> EnumSet.noneOf(Work.class))));
        for (Work work : Work.values()) {
            if (work.isDrill()) {
                policy(scheduled(work, "offsite", KIT, PASSPHRASE_FILE));
                continue;
            }
            policy(scheduled(work, null, null, null));
            assertAll(
                    work.name(),
                    () -> assertEquals("schedules[1].from", refused(scheduled(work, "offsite", null, null))),
                    () -> assertEquals("schedules[1].kit", refused(scheduled(work, null, KIT, null))),
                    () -> assertEquals(
                            "schedules[1].passphraseFile", refused(scheduled(work, null, null, PASSPHRASE_FILE))));
        }
    }

    private static Scheduled limited(Work work) {
        return new Scheduled(work.word(), work, "0 4 * * *", "UTC", List.of(), null, null, null, 2048);
    }

    @Test
    void onlyBackupsAreHeldBack() {
        for (Work work : Work.values()) {
            if (work.isBackup()) {
                List<Scheduled> lines = policy(limited(work)).schedules();
                assertEquals(lines, ScheduledText.read(ScheduledText.write(lines)));
            } else {
                assertEquals("schedules[1].rateLimitKilobytesPerSecond", refused(limited(work)), work.name());
            }
        }
        assertEquals(6, Arrays.stream(Work.values()).filter(Work::isBackup).count());
    }

    private static String refused(Scheduled scheduled) {
        Scheduled first = new Scheduled("first", Work.FULL, "0 2 * * *", "UTC", List.of(), null, null, null, null);
        return refusedField(() -> policy(first, scheduled));
    }
}
