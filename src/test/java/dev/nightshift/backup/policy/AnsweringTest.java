package dev.nightshift.backup.policy;

import static dev.nightshift.testing.Refused.refusedField;
import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.kernel.Name;
import java.util.Arrays;
import java.util.Collections;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.junit.jupiter.api.Test;

class AnsweringTest {
    private static final KeepRule NEWEST = new KeepRule(0, 1, 0, 0, 0, 0);
    private static final Answering.Server SHOP = new Answering.Server(
            new UUID(0, 1), "shop-server", List.of("shop", "shop-test"), List.of("gold", "eu"), "18.4", 7);
    private static final Answering.Server CRM =
            new Answering.Server(new UUID(0, 2), "crm-server", List.of("crm"), List.of("gold"), "14.19", 7);
    private static final Answering.Server WIKI =
            new Answering.Server(new UUID(0, 3), "wiki-server", List.of("wiki"), List.of(), null, 0);

    private static Policy policy(String name, String... databases) {
        return new Policy(
                UUID.nameUUIDFromBytes(name.getBytes(java.nio.charset.StandardCharsets.UTF_8)),
                new Name(name),
                "",
                Arrays.asList(databases),
                Goals.NONE,
                NEWEST,
                List.of(),
                List.of());
    }

    private static Answering of(Policy... policies) {
        return Answering.of(List.of(policies), List.of(SHOP, CRM, WIKI));
    }

    private static Optional<String> answers(Answering answering, Answering.Server server) {
        return answering.policyOf(server.id()).map(policy -> policy.name().value());
    }

    @Test
    void aNameGoesBeforeATagAndATagBeforeAll() {
        Answering answering = of(policy("a-all", "*"), policy("b-tag", "tag:gold"), policy("c-name", "shop-test"));
        assertAll(
                () -> assertEquals(Optional.of("c-name"), answers(answering, SHOP)),
                () -> assertEquals(Optional.of("b-tag"), answers(answering, CRM)),
                () -> assertEquals(Optional.of("a-all"), answers(answering, WIKI)));
    }

    @Test
    void amongAlikeOnesTheFirstByNameAnswersWhateverTheirOrder() {
        Answering answering = of(policy("second", "tag:eu"), policy("first", "tag:gold"));
        assertAll(
                () -> assertEquals(Optional.of("first"), answers(answering, SHOP)),
                () -> assertEquals(Optional.empty(), answers(answering, WIKI)));
    }

    @Test
    void whatAnotherAnswersForIsMeantAndNotAnswered() {
        Policy all = policy("all", "*");
        Answering answering = of(all, policy("shop", "shop"));
        assertAll(
                () -> assertEquals(List.of(SHOP, CRM, WIKI), answering.meant(all)),
                () -> assertEquals(List.of(CRM, WIKI), answering.answered(all)));
    }

    @Test
    void aPolicyThatNamesBothNameAndTagMeansItsServerByName() {
        Answering answering = of(policy("a", "tag:eu"), policy("b", "tag:gold", "shop"));
        assertEquals(Optional.of("b"), answers(answering, SHOP));
    }

    @Test
    void whatAServerCannotHaveOrIsNotExpectedToIsNotHeldAgainstIt() {
        Policy all = policy("all", "*");
        assertAll(
                () -> assertEquals(Optional.empty(), SHOP.outside(all, Goal.PROOF)),
                () -> assertTrue(CRM.outside(policy("crm", "crm"), Goal.RPO).isPresent(), "PostgreSQL 14"),
                () -> assertTrue(WIKI.outside(all, Goal.PROOF).isPresent(), "its proofDays is 0"),
                () -> assertEquals(Optional.empty(), WIKI.outside(all, Goal.BACKUP)),
                () -> assertEquals(Optional.empty(), WIKI.outside(policy("wiki", "wiki"), Goal.PROOF)));
    }

    @Test
    void aPolicyThatSaysNothingOrNamesNothingIsRefused() {
        assertAll(
                () -> assertEquals("databases", refused(List.of(), NEWEST)),
                () -> assertEquals("databases[1]", refused(Arrays.asList("shop", null), NEWEST)),
                () -> assertEquals("databases[0]", refused(List.of("tag:"), NEWEST)),
                () -> assertEquals("databases[1]", refused(List.of("shop", "*"), NEWEST)),
                () -> assertEquals("goals", refused(List.of("*"), new KeepRule(0, 0, 0, 0, 0, 0))),
                () -> assertEquals("keep.weekly", refused(List.of("*"), new KeepRule(0, 0, 0, -1, 0, 0))));
    }

    @Test
    void whatAPolicyCannotHaveDoneIsRefusedByItsField() {
        Scheduled full = new Scheduled("full", Work.FULL, "0 2 * * *", "UTC", List.of(), null, null, null, null);
        assertAll(
                () -> assertEquals("schedules[1].name", refusedWork(List.of(full, full), List.of())),
                () -> assertEquals(
                        "schedules[0].name",
                        refusedWork(
                                List.of(new Scheduled(
                                        "f".repeat(62),
                                        Work.FULL,
                                        "0 2 * * *",
                                        "UTC",
                                        List.of(),
                                        null,
                                        null,
                                        null,
                                        null)),
                                List.of())),
                () -> assertEquals(
                        "schedules[0].work",
                        refusedWork(
                                List.of(new Scheduled(
                                        "e", Work.EXPIRE, "0 2 * * *", "UTC", List.of(), null, null, null, null)),
                                List.of())),
                () -> assertEquals("schedules", refusedWork(Collections.nCopies(21, full), List.of())),
                () -> assertEquals("stores[1]", refusedWork(List.of(full), List.of("local", "local"))),
                () -> assertEquals("stores", refusedWork(List.of(full), List.of("a", "b", "c", "d", "e", "f", "g"))),
                () -> assertEquals("p-full", full.schedule(scheduled(List.of(full), List.of("local")))));
    }

    private static Policy scheduled(List<Scheduled> schedules, List<String> stores) {
        return new Policy(
                new UUID(0, 9),
                new Name("p"),
                "",
                List.of("*"),
                Goals.NONE,
                new KeepRule(0, 0, 0, 0, 0, 0),
                schedules,
                stores);
    }

    private static String refusedWork(List<Scheduled> schedules, List<String> stores) {
        return refusedField(() -> scheduled(schedules, stores));
    }

    private static String refused(List<String> databases, KeepRule keep) {
        return refusedField(
                () -> new Policy(new UUID(0, 9), new Name("p"), "", databases, Goals.NONE, keep, List.of(), List.of()));
    }
}
