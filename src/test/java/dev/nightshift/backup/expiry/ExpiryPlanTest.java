package dev.nightshift.backup.expiry;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.expiry.ExpiryPlan.Kept;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Which backups stay, and that what is protected always does. */
class ExpiryPlanTest {
    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
    private static final KeepRule LAST = new KeepRule(0, 1, 0, 0, 0, 0);

    private static Kept full(double daysAgo) {
        return backup(daysAgo, true, false, null);
    }

    private static Kept backup(double daysAgo, boolean whole, boolean proven, @Nullable String hold, UUID... chain) {
        UUID id = id(NOW.minus(Duration.ofMinutes((long) (daysAgo * 1440))));
        List<UUID> all = new ArrayList<>(Arrays.asList(chain));
        all.add(id);
        return new Kept(id, "7", NOW.minus(Duration.ofMinutes((long) (daysAgo * 1440))), whole, proven, hold, all);
    }

    /** Ids begin with their time. */
    private static UUID id(Instant at) {
        return new UUID(at.toEpochMilli() << 16, UUID.randomUUID().getLeastSignificantBits());
    }

    private static List<Kept> going(KeepRule rule, Kept... backups) {
        return ExpiryPlan.of(List.of(backups), rule, NOW, ZoneOffset.UTC).going();
    }

    @Test
    void theNewestStaysWhateverTheRuleSays() {
        Kept only = full(400);
        assertEquals(List.of(), going(new KeepRule(7, 0, 0, 0, 0, 0), only));
    }

    @Test
    void aCountKeepsTheNewestWholeOnes() {
        Kept newest = full(1);
        Kept damaged = backup(2, false, false, null);
        Kept second = full(3);
        Kept third = full(4);
        assertEquals(List.of(damaged, third), going(new KeepRule(0, 2, 0, 0, 0, 0), third, newest, second, damaged));
    }

    @Test
    void aWindowKeepsWhatItsBeginningIsRestoredFrom() {
        Kept inside = full(6.5);
        Kept before = full(7.5);
        Kept older = full(8.5);
        assertEquals(List.of(older), going(new KeepRule(7, 0, 0, 0, 0, 0), full(1), inside, before, older));
    }

    @Test
    void aDamagedOneDoesNotStandInForTheBeginningOfTheWindow() {
        Kept damaged = backup(7.5, false, false, null);
        Kept before = full(8.5);
        assertEquals(List.of(damaged), going(new KeepRule(7, 0, 0, 0, 0, 0), full(1), damaged, before));
    }

    @Test
    void theNewestProvenOneStays() {
        Kept proven = backup(30, true, true, null);
        Kept provenBefore = backup(60, true, true, null);
        assertEquals(List.of(provenBefore), going(LAST, full(1), proven, provenBefore));
    }

    @Test
    void whatIsOnHoldStaysWithWhatItNeeds() {
        Kept full = full(50);
        Kept first = backup(49, true, false, null, full.id());
        Kept held = backup(48, true, false, "audit", full.id(), first.id());
        Kept after = backup(47, true, false, null, full.id(), first.id(), held.id());
        assertEquals(List.of(after), going(LAST, full(1), full, first, held, after));
    }

    @Test
    void damagedOnesStayUntilAWholeOneIsNewer() {
        Kept damaged = backup(1, false, false, null);
        assertEquals(List.of(), going(LAST, damaged, full(2)));
        assertEquals(List.of(), going(LAST, damaged));
    }

    @Test
    void grandfatherFatherSonKeepsTheNewestOfEachPeriodOfTheZone() {
        // 00:30 in Vienna is the next day already
        Kept late = new Kept(
                id(Instant.parse("2026-11-27T23:30:00Z")),
                "7",
                Instant.parse("2026-11-27T23:30:00Z"),
                true,
                false,
                null,
                List.of());
        Kept early = new Kept(
                id(Instant.parse("2026-11-27T20:00:00Z")),
                "7",
                Instant.parse("2026-11-27T20:00:00Z"),
                true,
                false,
                null,
                List.of());
        List<Kept> all = List.of(full(0.1), late, early);
        KeepRule daily = new KeepRule(0, 0, 3, 0, 0, 0);
        assertEquals(
                List.of(early), ExpiryPlan.of(all, daily, NOW, ZoneOffset.UTC).going());
        assertEquals(
                List.of(),
                ExpiryPlan.of(all, daily, NOW, ZoneId.of("Europe/Vienna")).going());
    }

    @Test
    void weeksMonthsAndYearsAreCountedWhereThereAreAny() {
        List<Kept> all = new ArrayList<>();
        for (int day = 0; day < 800; day++) {
            all.add(full(day));
        }
        ExpiryPlan plan = ExpiryPlan.of(all, new KeepRule(0, 0, 7, 4, 12, 3), NOW, ZoneOffset.UTC);
        List<Kept> staying = new ArrayList<>(all);
        staying.removeAll(plan.going());
        // 7 days; of the 4 weeks the first two begin within them; of the 12 months one is kept as a day; of the 3 years
        // one
        assertTrue(staying.size() >= 7 + 2 + 11 + 2 && staying.size() <= 7 + 4 + 12 + 3, staying.size() + " stay");
        assertEquals(
                2,
                staying.stream()
                        .filter(each -> each.endedAt().isBefore(Instant.parse("2026-01-01T00:00:00Z")))
                        .map(each -> each.endedAt().atZone(ZoneOffset.UTC).getYear())
                        .distinct()
                        .count());
    }

    @Test
    void anotherClusterStandsInForNothing() {
        Kept lost = new Kept(
                id(NOW.minus(Duration.ofDays(40))), "6", NOW.minus(Duration.ofDays(40)), true, true, null, List.of());
        Kept lostBefore = backup(41, true, false, null);
        Kept before = new Kept(
                id(NOW.minus(Duration.ofDays(41))), "6", NOW.minus(Duration.ofDays(41)), false, false, null, List.of());
        assertEquals(List.of(lostBefore, before), going(LAST, full(1), lost, lostBefore, before));
    }

    /** Whatever the backups and the rule: what goes is needed by nothing that stays, and is deleted children first. */
    @Test
    void noChainIsEverBroken() {
        Random random = new Random(42);
        for (int round = 0; round < 500; round++) {
            List<Kept> all = new ArrayList<>();
            for (int n = 0; n < 30; n++) {
                Kept parent = all.isEmpty() || random.nextInt(4) == 0 ? null : all.get(random.nextInt(all.size()));
                UUID[] chain = parent == null ? new UUID[0] : parent.chain().toArray(UUID[]::new);
                all.add(backup(
                        100 - n,
                        random.nextInt(10) > 0,
                        random.nextInt(6) == 0,
                        random.nextInt(12) == 0 ? "x" : null,
                        chain));
            }
            KeepRule rule = new KeepRule(
                    random.nextInt(40),
                    1 + random.nextInt(4),
                    random.nextInt(5),
                    random.nextInt(3),
                    random.nextInt(3),
                    0);
            ExpiryPlan plan = ExpiryPlan.of(all, rule, NOW, ZoneOffset.UTC);
            Set<UUID> gone = new HashSet<>();
            for (Kept each : plan.going()) {
                assertTrue(each.hold() == null, "on hold");
                all.stream()
                        .filter(other ->
                                !other.id().equals(each.id()) && other.chain().contains(each.id()))
                        .forEach(other -> assertTrue(gone.contains(other.id()), "needed by one that stays"));
                gone.add(each.id());
            }
        }
    }
}
