package dev.nightshift.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.util.List;
import org.junit.jupiter.api.Test;

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
        assertEquals(500, Page.size(500));
        assertEquals(
                "limit",
                assertThrows(Failure.Invalid.class, () -> Page.size(501)).field());
        assertThrows(Failure.Invalid.class, () -> Page.size(0));
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
