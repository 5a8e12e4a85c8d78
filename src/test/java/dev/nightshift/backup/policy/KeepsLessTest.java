package dev.nightshift.backup.policy;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.kernel.Name;
import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class KeepsLessTest {
    private static final Answering.Server SHOP =
            new Answering.Server(UUID.randomUUID(), "shop", List.of("shop"), List.of("gold"), "18.1", 0);
    private static final KeepRule WEEK = new KeepRule(7, 0, 0, 0, 0, 0);
    private static final KeepRule MONTH = new KeepRule(30, 0, 0, 0, 0, 0);
    private static final KeepRule NEWEST = new KeepRule(0, 9, 0, 0, 0, 0);
    private static final Scheduled BACKUP =
            new Scheduled("full", Work.FULL, "0 2 * * *", "UTC", List.of(), null, null, null, null);
    private static final Scheduled EXPIRE =
            new Scheduled("expire", Work.EXPIRE, "0 4 * * *", "UTC", List.of(), null, null, null, null);

    private static Policy policy(String name, String of, KeepRule keep, Scheduled... scheduled) {
        return new Policy(
                UUID.randomUUID(),
                new Name(name),
                "",
                List.of(of),
                new Goals(300, null, null, null, null, null, null),
                keep,
                List.of(scheduled),
                List.of());
    }

    private static boolean less(List<Policy> before, List<Policy> after) {
        List<Answering.Server> servers = List.of(SHOP);
        return !KeepsLess.of(servers, Answering.of(before, servers), Answering.of(after, servers))
                .isEmpty();
    }

    @Test
    void aRuleThatDoesNotCoverTheOneOfBeforeKeepsLess() {
        List<Policy> week = List.of(policy("p", "shop", WEEK));
        List<Policy> month = List.of(policy("p", "shop", MONTH));
        assertAll(
                () -> assertEquals(true, less(month, week)),
                () -> assertEquals(false, less(week, month)),
                () -> assertEquals(false, less(week, week)),
                () -> assertEquals(true, less(week, List.of(policy("p", "shop", NEWEST))), "neither covers the other"));
    }

    @Test
    void whereNothingSaysWhatToKeepEverythingIsKept() {
        List<Policy> none = List.of(policy("p", "shop", KeepRule.NOTHING));
        List<Policy> week = List.of(policy("p", "shop", WEEK));
        assertAll(
                () -> assertEquals(true, less(List.of(), week)),
                () -> assertEquals(true, less(none, week)),
                () -> assertEquals(false, less(week, none)),
                () -> assertEquals(false, less(week, List.of())));
    }

    @Test
    void anotherPolicyThatAnswersNowCountsAsAChange() {
        Policy all = policy("all", "*", WEEK);
        Policy own = policy("own", "shop", MONTH);
        assertAll(
                () -> assertEquals(true, less(List.of(all, own), List.of(all)), "the nearer one is gone"),
                () -> assertEquals(false, less(List.of(all), List.of(all, own))),
                () -> assertEquals(
                        true, less(List.of(all, policy("gold", "tag:gold", MONTH)), List.of(all)), "so is a tag's"));
    }

    @Test
    void expiryThatIsDoneFromNowOnKeepsLessThanNone() {
        List<Policy> said = List.of(policy("p", "shop", WEEK, BACKUP));
        List<Policy> done = List.of(policy("p", "shop", WEEK, BACKUP, EXPIRE));
        assertAll(
                () -> assertEquals(true, less(said, done)),
                () -> assertEquals(false, less(done, done)),
                () -> assertEquals(false, less(done, said)));
    }
}
