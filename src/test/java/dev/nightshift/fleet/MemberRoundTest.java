package dev.nightshift.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.CheckReport.Item;
import dev.nightshift.postgres.CheckReport.State;
import dev.nightshift.postgres.Standing;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class MemberRoundTest {
    private static final String OURS = "7432988129021";
    private static final String OTHER = "7000000000000";
    private static final Member ONE = new Member("db1", 5432);
    private static final Member TWO = new Member("db2", 5432);
    private static final Member THREE = new Member("db3", 5432);

    private static MemberAnswer primary(Member member, int timeline, @Nullable String cluster) {
        return new MemberAnswer(member, new Standing(true, timeline, cluster), null);
    }

    private static MemberAnswer standby(Member member, int timeline) {
        return new MemberAnswer(member, new Standing(false, timeline, OURS), null);
    }

    private static MemberAnswer silent(Member member) {
        return new MemberAnswer(member, null, "refused");
    }

    private static MemberRound round(@Nullable String known, Member before, int timeline, MemberAnswer... answers) {
        return MemberRound.of(List.of(answers), known, before, timeline);
    }

    @Test
    void theOneThatIsNotInRecoveryIsThePrimary() {
        MemberRound round = round(OURS, ONE, 0, standby(ONE, 2), silent(THREE), primary(TWO, 2, OURS));
        assertEquals(TWO, round.primary());
        assertTrue(round.found());
        assertEquals(2, round.timeline());
        assertNull(round.warning());
    }

    @Test
    void whereNoneIsThePrimaryErrorsSpeakOfTheOneThatWasItLast() {
        MemberRound round = round(OURS, TWO, 3, standby(ONE, 3), silent(TWO));
        assertEquals(TWO, round.primary());
        assertFalse(round.found());
        assertEquals(0, round.timeline());
    }

    @Test
    void ofTwoPrimariesTheOneOnTheHigherTimelineIsRight() {
        MemberRound round = round(OURS, ONE, 1, primary(ONE, 1, OURS), primary(TWO, 2, OURS));
        assertEquals(TWO, round.primary());
        assertEquals(
                List.of(ONE),
                round.pretenders().stream().map(MemberAnswer::member).toList());
        assertEquals("another primary of the cluster answers at db1:5432", round.warning());
    }

    @Test
    void ofTwoOnOneTimelineTheOneStaysThatWasItBefore() {
        MemberAnswer[] both = {primary(ONE, 2, OURS), primary(TWO, 2, OURS)};
        assertEquals(ONE, round(OURS, ONE, 2, both).primary());
        assertEquals(TWO, round(OURS, TWO, 2, both).primary());
    }

    @Test
    void anOldPrimaryThatCameBackIsNotTakenEvenWhileTheRightOneIsDown() {
        MemberRound round = round(OURS, TWO, 2, primary(ONE, 1, OURS), silent(TWO));
        assertEquals(TWO, round.primary());
        assertFalse(round.found());
        assertEquals(
                List.of(ONE),
                round.pretenders().stream().map(MemberAnswer::member).toList());
    }

    @Test
    void aServerOfAnotherClusterIsNotTakenWhateverItsTimeline() {
        MemberRound round = round(OURS, ONE, 1, primary(ONE, 1, OURS), primary(TWO, 9, OTHER));
        assertEquals(ONE, round.primary());
        assertEquals("a server of another cluster answers at db2:5432", round.warning());
        assertFalse(round(OURS, ONE, 1, silent(ONE), primary(TWO, 9, OTHER)).found());
    }

    @Test
    void oneThatDoesNotSayOfWhichClusterItIsIsNotTakenWhereThatIsKnown() {
        assertFalse(round(OURS, ONE, 0, silent(ONE), primary(TWO, 1, null)).found());
        assertEquals(
                TWO, round(null, ONE, 0, silent(ONE), primary(TWO, 1, null)).primary());
    }

    @Test
    void beforeTheFirstContactTheInstancesOwnHostIsBelievedOrOthersThatAgree() {
        MemberRound round = round(null, ONE, 0, standby(ONE, 1), primary(THREE, 9, OTHER), primary(TWO, 1, OURS));
        assertEquals(TWO, round.primary());
        assertEquals(OURS, round.cluster());
        assertEquals(List.of(THREE), round.strangers());
        assertEquals(
                TWO,
                round(null, ONE, 0, silent(ONE), primary(TWO, 1, OURS), standby(THREE, 1))
                        .primary());
        assertFalse(round(null, ONE, 0, silent(ONE), primary(TWO, 1, OTHER), standby(THREE, 1))
                .found());
    }

    @Test
    void theTestOfAConnectionTellsHowEachMemberStands() {
        MemberRound round = round(
                OURS,
                ONE,
                0,
                primary(ONE, 1, OURS),
                primary(TWO, 2, OURS),
                standby(THREE, 2),
                primary(new Member("::1", 5433), 1, OTHER),
                silent(new Member("db5", 5432)));
        List<Item> items = MemberItems.of(round);
        assertEquals(
                List.of(
                        "member.db1:5432 WARNING says that it is the primary too, on timeline 1",
                        "member.db2:5432 OK the primary, on timeline 2",
                        "member.db3:5432 OK a standby",
                        "member.::1:5433 WARNING a server of another cluster: its system identifier is " + OTHER
                                + ", not " + OURS,
                        "member.db5:5432 WARNING refused"),
                items.stream()
                        .map(item -> item.item() + " " + item.state() + " " + item.found())
                        .toList());
        assertTrue(items.stream().allMatch(item -> (item.state() == State.OK) == (item.remedy() == null)));
    }
}
