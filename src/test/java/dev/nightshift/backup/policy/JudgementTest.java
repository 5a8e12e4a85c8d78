package dev.nightshift.backup.policy;

import static dev.nightshift.testing.Refused.refusedField;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.policy.Judgement.State;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import org.junit.jupiter.api.Test;

class JudgementTest {
    private static final Instant NOW = Instant.parse("2026-11-29T12:00:00Z");
    private static final Facts.Log NO_LOG = new Facts.Log(Facts.Reach.NONE, null);

    private static Instant ago(long seconds) {
        return NOW.minusSeconds(seconds);
    }

    private static Facts backup(Instant at, Facts.Log log) {
        return new Facts(NOW, ago(1_000_000), at, null, log, null, null, null, Facts.Keys.NOT_ASKED);
    }

    private static Judgement rpo(int wanted, Facts facts) {
        return Judgement.of(Goal.RPO, wanted, facts);
    }

    @Test
    void withoutLogTheDataSinceTheNewestBackupWouldBeLost() {
        Judgement missed = rpo(100, backup(ago(101), NO_LOG));
        assertAll(
                () -> assertEquals(State.MISSED, missed.state()),
                () -> assertEquals(101L, missed.measured()),
                () -> assertEquals(
                        "No log is archived: data since the newest backup of 2026-11-29 11:58 UTC would be lost.",
                        missed.reason()),
                () -> assertFalse(missed.farBeyond()),
                () -> assertEquals(State.MET, rpo(100, backup(ago(100), NO_LOG)).state()),
                () -> assertTrue(rpo(100, backup(ago(201), NO_LOG)).farBeyond()));
    }

    @Test
    void logThatGoesOnFromTheBackupCountsUpToTheMomentThatItCovers() {
        Judgement met = rpo(100, backup(ago(5_000), new Facts.Log(Facts.Reach.GOES_ON, ago(20))));
        assertAll(
                () -> assertEquals(State.MET, met.state()),
                () -> assertEquals(20L, met.measured()),
                () -> assertEquals(NOW, met.at()));
    }

    @Test
    void logWithAGapCountsForNothingWhateverItCovers() {
        Judgement missed = rpo(100, backup(ago(5_000), new Facts.Log(Facts.Reach.GAP, ago(20))));
        assertAll(
                () -> assertEquals(State.MISSED, missed.state()),
                () -> assertEquals(5_000L, missed.measured()),
                () -> assertTrue(missed.reason().contains("without a gap"), missed.reason()));
    }

    @Test
    void aBackupThatIsNewerThanWhatTheLogCoversCountsItself() {
        Judgement met = rpo(100, backup(ago(10), new Facts.Log(Facts.Reach.GOES_ON, ago(500))));
        assertEquals(10L, met.measured());
    }

    @Test
    void aFractionBeyondTheGoalMissesIt() {
        Facts facts = new Facts(
                NOW, ago(1_000_000), NOW.minusMillis(100_001), null, NO_LOG, null, null, null, Facts.Keys.NOT_ASKED);
        assertEquals(State.MISSED, rpo(100, facts).state());
    }

    @Test
    void whatThereIsNotYetIsUnknownAndMissedOnceTheServerIsKnownForLonger() {
        for (Goal goal : List.of(Goal.RPO, Goal.PROOF, Goal.BACKUP)) {
            Judgement young = Judgement.of(
                    goal,
                    86_400,
                    new Facts(NOW, ago(86_400), null, null, NO_LOG, null, null, null, Facts.Keys.NOT_ASKED));
            Judgement old = Judgement.of(
                    goal,
                    86_400,
                    new Facts(NOW, ago(86_401), null, null, NO_LOG, null, null, null, Facts.Keys.NOT_ASKED));
            Judgement oldest = Judgement.of(
                    goal,
                    86_400,
                    new Facts(NOW, ago(172_801), null, null, NO_LOG, null, null, null, Facts.Keys.NOT_ASKED));
            assertAll(
                    () -> assertEquals(State.UNKNOWN, young.state()),
                    () -> assertEquals(State.MISSED, old.state()),
                    () -> assertNull(old.measured()),
                    () -> assertFalse(old.farBeyond()),
                    () -> assertTrue(oldest.farBeyond()));
        }
    }

    @Test
    void aTimeToRestoreIsNeverEstimated() {
        Judgement unknown = Judgement.of(
                Goal.RTO,
                1,
                new Facts(NOW, ago(1_000_000), ago(1), null, NO_LOG, null, null, null, Facts.Keys.NOT_ASKED));
        assertAll(
                () -> assertEquals(State.UNKNOWN, unknown.state()),
                () -> assertNull(unknown.measured()),
                () -> assertFalse(unknown.farBeyond()));
    }

    @Test
    void aDrillsTimeIsHeldAgainstTheGoalAsItWasMeasured() {
        Facts facts = new Facts(
                NOW,
                ago(1_000_000),
                ago(1),
                null,
                NO_LOG,
                ago(60),
                drill(ago(60), 4_001, 100),
                null,
                Facts.Keys.NOT_ASKED);
        assertAll(
                () -> assertEquals(
                        State.MISSED, Judgement.of(Goal.RTO, 4, facts).state()),
                () -> assertEquals(State.MET, Judgement.of(Goal.RTO, 5, facts).state()),
                () -> assertEquals(ago(60), Judgement.of(Goal.RTO, 5, facts).at()),
                () -> assertTrue(Judgement.of(Goal.RTO, 2, facts).farBeyond()));
    }

    private static Facts.Drill drill(Instant at, long millis, long newestBytes) {
        return new Facts.Drill(at, Duration.ofMillis(millis), at.minusSeconds(60), 100, newestBytes);
    }

    private static Judgement rto(Facts.Drill drill) {
        return Judgement.of(
                Goal.RTO,
                5,
                new Facts(NOW, ago(9_000_000), ago(1), null, NO_LOG, drill.at(), drill, null, Facts.Keys.NOT_ASKED));
    }

    @Test
    void aDrillOfLongAgoOrOfFarLessThanThereIsNowSaysNothing() {
        Instant longAgo = NOW.minus(Duration.ofDays(30));
        assertAll(
                () -> assertEquals(State.MET, rto(drill(longAgo, 4_000, 200)).state()),
                () -> assertEquals(
                        State.UNKNOWN,
                        rto(drill(longAgo.minusMillis(1), 4_000, 100)).state()),
                () -> assertEquals(
                        State.UNKNOWN, rto(drill(ago(60), 4_000, 201)).state()),
                () -> assertTrue(
                        rto(drill(ago(60), 4_000, 100))
                                .reason()
                                .contains(
                                        "from the backup of 2026-11-29 11:58 UTC, 100 B, without replay of later log"),
                        () -> rto(drill(ago(60), 4_000, 100)).reason()));
    }

    @Test
    void aNewerBackupThatDoesNotCountIsNamed() {
        Facts facts =
                new Facts(NOW, ago(1_000_000), ago(7_200), ago(60), NO_LOG, null, null, null, Facts.Keys.NOT_ASKED);
        Judgement backup = Judgement.of(Goal.BACKUP, 3_600, facts);
        assertAll(
                () -> assertEquals(State.MISSED, backup.state()),
                () -> assertTrue(backup.reason().contains("of 2026-11-29 11:59 UTC does not count"), backup.reason()));
    }

    @Test
    void aTimeThatLiesAheadMeetsNothing() {
        assertEquals(
                State.UNKNOWN,
                rpo(100, backup(ago(100_000), new Facts.Log(Facts.Reach.GOES_ON, NOW.plusSeconds(6))))
                        .state());
        assertEquals(
                0L,
                rpo(100, backup(ago(100_000), new Facts.Log(Facts.Reach.GOES_ON, NOW.plusSeconds(2))))
                        .measured());
    }

    @Test
    void nothingIsMetWithoutAMeasurement() {
        assertThrows(
                IllegalArgumentException.class,
                () -> new Judgement(Goal.RTO, 1, null, null, State.MET, "because", false));
    }

    @Test
    void goalsOutOfTheirRangeAreRefusedByName() {
        assertEquals("goals.rtoSeconds", refusedField(() -> new Goals(null, 0, null, null, null, null, null)));
        assertEquals("goals.proofDays", refusedField(() -> new Goals(null, null, 366, null, null, null, null)));
        assertEquals(
                List.of(Goal.RPO, Goal.BACKUP),
                List.copyOf(
                        new Goals(1, null, null, 1, null, null, null).wanted().keySet()));
    }

    private static Facts with(Facts.Copies copies, Facts.Keys keys) {
        return new Facts(NOW, ago(1_000_000), ago(60), null, NO_LOG, null, null, copies, keys);
    }

    private static Judgement stores(int wanted, boolean underWay, String... names) {
        return Judgement.of(
                Goal.STORES, wanted, with(new Facts.Copies(List.of(names), underWay), Facts.Keys.NOT_ASKED));
    }

    @Test
    void fewerStoresThanWantedMissTheGoalUnlessACopyIsOnItsWay() {
        Judgement missed = stores(3, false, "local", "nas");
        assertAll(
                () -> assertEquals(State.MISSED, missed.state()),
                () -> assertEquals(2L, missed.measured()),
                () -> assertFalse(missed.farBeyond()),
                () -> assertEquals(
                        "The newest good backup, of 2026-11-29 11:59 UTC, lies whole in 2 stores: local, nas.",
                        missed.reason()),
                () -> assertTrue(stores(3, false, "local").farBeyond()),
                () -> assertEquals(
                        State.UNKNOWN, stores(3, true, "local", "nas").state()),
                () -> assertEquals(State.MET, stores(2, true, "local", "nas").state()),
                () -> assertEquals(State.MET, stores(1, false, "local", "nas").state()),
                () -> assertEquals(State.MISSED, stores(1, false).state()));
    }

    @Test
    void withoutABackupTheStoresAreMissedOnceTheServerIsKnownForADay() {
        assertAll(
                () -> assertEquals(State.UNKNOWN, noBackup(86_400).state()),
                () -> assertEquals(State.MISSED, noBackup(86_401).state()));
    }

    private static Judgement noBackup(long knownFor) {
        return Judgement.of(
                Goal.STORES,
                2,
                new Facts(NOW, ago(knownFor), null, null, NO_LOG, null, null, null, Facts.Keys.NOT_ASKED));
    }

    private static Judgement of(Goal goal, Facts.Keys keys) {
        return Judgement.of(goal, 100, with(new Facts.Copies(List.of("local"), false), keys));
    }

    @Test
    void theKeyIsAsOldAsItIsKnownToBeAndAKitEndsTheTimeWithoutOne() {
        assertAll(
                () -> assertEquals(
                        State.MET,
                        of(Goal.KEY, new Facts.Keys(ago(100), ago(1), false)).state()),
                () -> assertEquals(
                        State.MISSED,
                        of(Goal.KEY, new Facts.Keys(ago(101), ago(1), true)).state()),
                () -> assertEquals(
                        State.UNKNOWN,
                        of(Goal.KEY, new Facts.Keys(null, ago(1), true)).state()),
                () -> assertEquals(
                        State.MET,
                        of(Goal.KIT, new Facts.Keys(null, ago(100), false)).state()),
                () -> assertEquals(
                        State.MISSED,
                        of(Goal.KIT, new Facts.Keys(null, ago(101), false)).state()),
                () -> assertEquals(
                        0L, of(Goal.KIT, new Facts.Keys(null, ago(101), true)).measured()),
                () -> assertEquals(
                        State.UNKNOWN, of(Goal.KIT, Facts.Keys.NOT_ASKED).state()));
    }

    @Test
    void keysThatDoNotOpenSayWhyNothingIsKnownOfThem() {
        for (Goal goal : List.of(Goal.KEY, Goal.KIT)) {
            Judgement unknown = of(goal, Facts.Keys.unopened("The master key is another one."));
            assertAll(
                    () -> assertEquals(State.UNKNOWN, unknown.state()),
                    () -> assertEquals(
                            "The project's keys could not be opened: The master key is another one.",
                            unknown.reason()));
        }
    }
}
