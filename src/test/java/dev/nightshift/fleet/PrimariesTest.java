package dev.nightshift.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.fleet.Primaries.Cluster;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Standing;
import dev.nightshift.testing.TestClock;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;

class PrimariesTest {
    private static final Member ONE = new Member("db1", 5432);
    private static final Member TWO = new Member("db2", 5432);
    private static final Member THREE = new Member("db3", 5433);
    private static final Endpoint LOGIN = Endpoint.local(5432, "postgres", "me", null);

    private static final ProjectId PROJECT = new ProjectId(UUID.randomUUID());

    private final TestClock clock = new TestClock();
    private final Map<String, Standing> servers = new HashMap<>();
    private final List<String> asked = new ArrayList<>();
    private final List<ClusterSeen> told = new ArrayList<>();
    private final Primaries primaries = new Primaries(clock, Runnable::run, Runnable::run, this::look, told::add);
    private final UUID id = UUID.randomUUID();

    /** Servers that are missing in the map are down. */
    private Standing look(Endpoint endpoint) throws SQLException {
        asked.add(endpoint.host());
        Standing standing = servers.get(endpoint.host());
        if (standing == null) {
            throw new SQLException("refused", "08001");
        }
        return standing;
    }

    private void is(Member member, boolean primary, int timeline) {
        servers.put(member.host(), new Standing(primary, timeline, "1"));
    }

    private Member primary(Member... members) {
        return primaries.of(new Cluster(PROJECT, id, "shop", "1", List.of(members)), LOGIN);
    }

    private List<String> asked() {
        List<String> all = asked.stream().sorted().toList();
        asked.clear();
        return all;
    }

    @Test
    void anInstanceWithoutMembersIsNotAsked() {
        assertEquals(ONE, primary(ONE));
        assertEquals(List.of(), asked());
    }

    @Test
    void allAreAskedFirstAndThenThePrimaryAloneAndNotBeforeTheLastLookIsOld() {
        is(ONE, false, 1);
        is(TWO, true, 1);
        is(THREE, false, 1);
        assertEquals(TWO, primary(ONE, TWO, THREE));
        assertEquals(List.of("db1", "db2", "db3"), asked());
        clock.advance(Primaries.FRESH.minusMillis(1));
        assertEquals(TWO, primary(ONE, TWO, THREE));
        assertEquals(List.of(), asked());
        clock.advance(Duration.ofMillis(1));
        assertEquals(TWO, primary(ONE, TWO, THREE));
        assertEquals(List.of("db2"), asked());
    }

    @Test
    void aPromotionIsFollowedAndTheOthersAreAskedOnlyOnceThePrimaryIsNone() {
        is(ONE, true, 1);
        is(TWO, false, 1);
        assertEquals(ONE, primary(ONE, TWO));
        asked();
        servers.remove(ONE.host());
        clock.advance(Primaries.FRESH);
        assertEquals(ONE, primary(ONE, TWO), "errors speak of the one that was it");
        assertEquals(List.of("db1", "db2"), asked());
        is(TWO, true, 2);
        clock.advance(Primaries.FRESH_WITHOUT);
        assertEquals(TWO, primary(ONE, TWO));
        assertEquals(TWO, primaries.last(new Cluster(PROJECT, id, "shop", "1", List.of(ONE, TWO))));
    }

    @Test
    void anOldPrimaryThatComesBackIsNotTaken() {
        is(TWO, true, 2);
        assertEquals(TWO, primary(ONE, TWO));
        is(ONE, true, 1);
        servers.remove(TWO.host());
        clock.advance(Primaries.ALL);
        assertEquals(TWO, primary(ONE, TWO));
    }

    @Test
    void anotherThatWasPromotedBesideAPrimaryThatStillAnswersIsFoundWithinAMinute() {
        is(ONE, true, 1);
        assertEquals(ONE, primary(ONE, TWO));
        is(TWO, true, 2);
        clock.advance(Primaries.ALL);
        assertEquals(ONE, primary(ONE, TWO), "whoever wants the primary does not wait for the others");
        assertEquals(TWO, primary(ONE, TWO));
    }

    @Test
    void whereNoneIsThePrimaryAServerThatAnswersIsNotWorkedOn() {
        is(ONE, false, 1);
        servers.put(TWO.host(), new Standing(true, 9, "2"));
        var refused = assertThrows(Failure.Retryable.class, () -> primary(ONE, TWO, THREE));
        assertEquals(
                "No member is the primary of the cluster: db1:5432 is a standby; db2:5432 is of another cluster; db3:5433 does not"
                        + " answer (refused).",
                refused.getMessage());
        assertThrows(Failure.Retryable.class, () -> primary(ONE, TWO, THREE), "what was seen holds for a moment");
        is(ONE, true, 2);
        clock.advance(Primaries.FRESH_WITHOUT);
        assertEquals(ONE, primary(ONE, TWO, THREE));
    }

    @Test
    void aTestThatFindsNoPrimaryForgetsNothing() {
        is(TWO, true, 7);
        assertEquals(TWO, primary(ONE, TWO));
        servers.clear();
        Cluster cluster = new Cluster(PROJECT, id, "shop", "1", List.of(ONE, TWO));
        primaries.keep(cluster, primaries.ask(cluster.members(), LOGIN, "1"));
        is(ONE, true, 1);
        clock.advance(Primaries.ALL);
        assertEquals(TWO, primary(ONE, TWO), "the old primary that comes back alone");
        assertEquals(TWO, primary(TWO, ONE), "the order of the list says nothing");
    }

    @Test
    void aClusterThatWasSetUpAnewIsAskedAnew() {
        is(ONE, true, 7);
        assertEquals(ONE, primary(ONE, TWO));
        servers.put(ONE.host(), new Standing(true, 1, "2"));
        servers.put(TWO.host(), new Standing(false, 1, "2"));
        List<Member> members = List.of(ONE, TWO);
        assertTrue(primaries.ask(members, LOGIN, "1").found(), "all say that they are of another one");
        assertEquals(ONE, primaries.of(new Cluster(PROJECT, id, "shop", "2", members), LOGIN));
        servers.remove(TWO.host());
        assertFalse(primaries.ask(members, LOGIN, "1").found(), "one that is silent may be the right one");
    }

    @Test
    void anotherListIsAskedAnew() {
        is(ONE, true, 5);
        assertEquals(ONE, primary(ONE, TWO));
        asked();
        is(THREE, true, 1);
        assertEquals(THREE, primary(TWO, THREE));
        assertEquals(List.of("db2", "db3"), asked());
    }

    @Test
    void whatAPersonTestedHoldsFromThenOn() {
        is(TWO, true, 7);
        assertEquals(TWO, primary(ONE, TWO));
        servers.clear();
        is(ONE, true, 1);
        Cluster cluster = new Cluster(PROJECT, id, "shop", "1", List.of(ONE, TWO));
        primaries.keep(cluster, primaries.ask(cluster.members(), LOGIN, "1"));
        assertEquals(ONE, primary(ONE, TWO));
        clock.advance(Primaries.ALL);
        assertEquals(ONE, primary(ONE, TWO));
    }

    @Test
    void aSecondPrimaryIsToldWhenItIsSeenAndWhenItIsNoneAnyMoreAndEveryTenMinutes() {
        is(ONE, true, 1);
        is(TWO, false, 1);
        primary(ONE, TWO);
        assertEquals(List.of(seen(ONE, 1, Map.of(), ONE, TWO)), told());
        is(TWO, true, 1);
        assertEquals(ONE, primaryAMinuteLater());
        assertEquals(List.of(seen(ONE, 1, Map.of("db2:5432", 1))), told());
        assertEquals(ONE, primaryAMinuteLater());
        assertEquals(List.of(), told());
        clock.advance(ClusterNews.TELL_AGAIN);
        primary(ONE, TWO);
        assertEquals(List.of(seen(ONE, 1, Map.of("db2:5432", 1))), told());
        is(TWO, false, 1);
        assertEquals(ONE, primaryAMinuteLater());
        assertEquals(List.of(seen(ONE, 1, Map.of(), ONE, TWO)), told());
    }

    @Test
    void whoIsSilentIsNotCleared() {
        is(ONE, true, 1);
        is(TWO, true, 1);
        primary(ONE, TWO);
        assertEquals(List.of(seen(ONE, 1, Map.of("db2:5432", 1))), told());
        servers.remove(TWO.host());
        assertEquals(ONE, primaryAMinuteLater());
        assertEquals(List.of(seen(ONE, 1, Map.of())), told());
    }

    @Test
    void anOldPrimaryThatIsAloneIsToldAsASecondOneAndNotClearedWhereItIsTaken() {
        is(TWO, true, 2);
        primary(ONE, TWO);
        told();
        servers.remove(TWO.host());
        is(ONE, true, 1);
        primaryAMinuteLater();
        assertEquals(
                List.of(new ClusterSeen(PROJECT, id, "shop", "db2:5432", 2, false, Map.of("db1:5432", 1), Set.of())),
                told());
        Primaries afterAStart = new Primaries(clock, Runnable::run, Runnable::run, this::look, told::add);
        assertEquals(ONE, afterAStart.of(new Cluster(PROJECT, id, "shop", "1", List.of(ONE, TWO)), LOGIN));
        assertEquals(List.of(seen(ONE, 1, Map.of())), told());
    }

    @Test
    void anotherPrimaryBesideTheSameRivalIsTold() {
        is(ONE, true, 1);
        is(TWO, true, 2);
        is(THREE, false, 2);
        assertEquals(TWO, primary(ONE, TWO, THREE));
        assertEquals(List.of(seen(TWO, 2, Map.of("db1:5432", 1), THREE)), told());
        servers.remove(TWO.host());
        is(THREE, true, 3);
        clock.advance(Primaries.FRESH);
        assertEquals(THREE, primary(ONE, TWO, THREE));
        assertEquals(List.of(seen(THREE, 3, Map.of("db1:5432", 1))), told());
    }

    @Test
    void serversOfWhichNobodyKnowsTheClusterAreNoRivals() {
        servers.put(ONE.host(), new Standing(true, 1, null));
        servers.put(TWO.host(), new Standing(true, 1, null));
        assertEquals(ONE, primaries.of(new Cluster(PROJECT, id, "shop", null, List.of(ONE, TWO)), LOGIN));
        assertEquals(List.of(seen(ONE, 1, Map.of())), told());
    }

    @Test
    void whatAPersonTestedIsTold() {
        is(ONE, true, 1);
        is(TWO, true, 1);
        primary(ONE, TWO);
        told();
        is(TWO, false, 1);
        Cluster cluster = new Cluster(PROJECT, id, "shop", "1", List.of(ONE, TWO));
        primaries.keep(cluster, primaries.ask(cluster.members(), LOGIN, "1"));
        assertEquals(List.of(seen(ONE, 1, Map.of(), ONE, TWO)), told());
    }

    @Test
    void aLookThatEndsAfterAPersonsTestTellsNothing() {
        List<Runnable> later = new ArrayList<>();
        Primaries slow = new Primaries(clock, later::add, Runnable::run, this::look, told::add);
        Cluster cluster = new Cluster(PROJECT, id, "shop", "1", List.of(ONE, TWO));
        is(ONE, true, 1);
        is(TWO, true, 1);
        slow.of(cluster, LOGIN);
        is(TWO, false, 1);
        slow.keep(cluster, slow.ask(cluster.members(), LOGIN, "1"));
        later.forEach(Runnable::run);
        assertEquals(List.of(seen(ONE, 1, Map.of(), ONE, TWO)), told());
    }

    @Test
    void whatWasNotHeardIsToldAgainWithTheNextLook() {
        List<ClusterSeen> heard = new ArrayList<>();
        Primaries unlucky = new Primaries(clock, Runnable::run, Runnable::run, this::look, news -> {
            heard.add(news);
            if (heard.size() == 1) {
                throw new Failure.Retryable("The repository is away.", null, null);
            }
        });
        Cluster cluster = new Cluster(PROJECT, id, "shop", "1", List.of(ONE, TWO));
        is(ONE, true, 1);
        is(TWO, true, 1);
        for (int look = 0; look < 3; look++) {
            assertEquals(ONE, unlucky.of(cluster, LOGIN));
            clock.advance(Primaries.ALL);
        }
        assertEquals(2, heard.size());
        assertEquals(heard.get(0), heard.get(1));
    }

    private Member primaryAMinuteLater() {
        clock.advance(Primaries.ALL);
        return primary(ONE, TWO);
    }

    private ClusterSeen seen(Member primary, int timeline, Map<String, Integer> rivals, Member... clear) {
        return new ClusterSeen(
                PROJECT,
                id,
                "shop",
                primary.toString(),
                timeline,
                true,
                rivals,
                Stream.of(clear).map(Member::toString).collect(Collectors.toSet()));
    }

    private List<ClusterSeen> told() {
        List<ClusterSeen> all = List.copyOf(told);
        told.clear();
        return all;
    }
}
