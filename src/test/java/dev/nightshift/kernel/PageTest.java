package dev.nightshift.kernel;

import static dev.nightshift.testing.Refused.refusedField;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class PageTest {
    @Test
    void theRowBeyondThePageTellsThatOthersFollowAndIsNotShown() {
        Page<String> page = Page.of(List.of("a", "b", "c"), 2, row -> row);
        assertEquals(List.of("a", "b"), page.items());
        assertEquals("b", page.next());
    }

    @Test
    void theLastPageHasNoNext() {
        assertNull(Page.of(List.of("a", "b"), 2, row -> row).next());
        assertNull(Page.of(List.<String>of(), 2, row -> row).next());
    }

    @Test
    void aPageHoldsFiftyRowsUnlessAskedAndNeverMoreThanFiveHundred() {
        assertEquals(50, Page.size(null));
        assertEquals(500, Page.size("500"));
        assertEquals("limit", refusedField(() -> Page.size("501")));
        assertThrows(Failure.Invalid.class, () -> Page.size("0"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"abc", "-1", "1.5", "1e2", "99999999999999999999"})
    void aLimitThatIsNoNumberOfRowsIsRefusedByItsName(String limit) {
        assertEquals("limit", refusedField(() -> Page.size(limit)));
    }

    @Test
    void aPageFollowsTheKeyOfTheOneBeforeAndNothingElse() {
        UUID id = UUID.randomUUID();
        assertEquals(id, Page.after(id.toString()));
        assertNull(Page.after(null));
        assertEquals(7, Page.afterNumber("7"));
        assertEquals(0, Page.afterNumber(null));
        assertEquals("after", refusedField(() -> Page.after("x")));
        assertEquals("after", refusedField(() -> Page.afterNumber("-7")));
    }

    @Test
    void whatIsLeftOutOrBlankIsNotAskedFor() {
        assertEquals(200, Page.size("", 200));
        assertNull(Page.after(" "));
        assertNull(Asked.word("state", "", Thread.State.class));
    }

    @Test
    void aWordIsTakenInSmallLettersTooAndTheRefusalOfAnotherNamesAll() {
        assertEquals(Thread.State.BLOCKED, Asked.word("state", "blocked", Thread.State.class));
        Failure.Invalid refused =
                assertThrows(Failure.Invalid.class, () -> Asked.word("state", "lost", Thread.State.class));
        assertEquals("state", refused.field());
        assertTrue(refused.getMessage().contains("NEW, RUNNABLE, BLOCKED"), refused.getMessage());
    }

    @Test
    void aProblemNamesTheFieldOfAnInvalidRequestAndTheStatusOfEachFailure() {
        Problem invalid = Problem.of(new Failure.Invalid("databases[0]", "There is no database \"shop\"."));
        assertEquals("databases[0]", invalid.field());
        assertEquals(400, invalid.status());
        assertEquals(404, Problem.of(new Failure.NotFound("gone")).status());
        assertEquals(409, Problem.of(new Failure.Conflict("twice", null)).status());
        assertEquals(
                503, Problem.of(new Failure.Retryable("away", "wait", null)).status());
        assertEquals(
                "wait", Problem.of(new Failure.Retryable("away", "wait", null)).remedy());
        assertEquals(500, Problem.of(new Failure.Fatal("broken", null, null)).status());
    }
}
