package dev.nightshift.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class KernelTest {
    @Test
    void idsSortByTheTimeTheyWereMade() {
        UUID early = Ids.next(() -> Instant.parse("2026-01-01T00:00:00Z"));
        UUID late = Ids.next(() -> Instant.parse("2026-01-01T00:00:00.001Z"));
        assertTrue(early.toString().compareTo(late.toString()) < 0);
        assertEquals(7, early.version());
        assertEquals(2, early.variant());
    }

    @Test
    void idsOfOneMillisecondSortInTheOrderInWhichTheyWereMade() {
        Instant moment = Instant.parse("2026-01-01T00:00:00.5Z");
        List<String> ids = Stream.generate(() -> Ids.next(() -> moment).toString())
                .limit(2048)
                .toList();
        assertEquals(ids.stream().sorted().distinct().toList(), ids);
        assertTrue(Ids.first(moment).toString().compareTo(ids.get(0)) < 0);
        assertTrue(Ids.first(moment.plusMillis(1)).toString().compareTo(ids.get(2047)) > 0);
    }

    @Test
    void aQuoteInAnIdentifierIsDoubled() {
        assertEquals("\"a\"\"b\".\"C d\"", Identifier.qualified("a\"b", "C d"));
        assertThrows(IllegalArgumentException.class, () -> new Identifier("a\0b"));
        assertThrows(IllegalArgumentException.class, () -> new Identifier(""));
    }

    @ParameterizedTest
    @CsvSource({
        "0,0 B",
        "999,999 B",
        "1000,1.0 kB",
        "7200000,7.2 MB",
        "999960,1.0 MB",
        "3320000000,3.3 GB",
        "-5000,-5.0 kB"
    })
    void sizesReadAsPeopleSayThem(long bytes, String expected) {
        assertEquals(expected, new Bytes(bytes).toString());
    }

    @ParameterizedTest
    @ValueSource(strings = {"shop", "a", "crm-2", "a1"})
    void namesOfLettersDigitsAndHyphensAreTaken(String name) {
        assertEquals(name, new Name(name).value());
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                "Shop",
                "2nd",
                "a-",
                "-a",
                "a b",
                "ä",
                "a/b",
                "..",
                "x123456789012345678901234567890123456789012345678901234567890123"
            })
    void anythingElseIsRefusedByFieldAndRule(String name) {
        var refused = assertThrows(Failure.Invalid.class, () -> new Name(name));
        assertEquals("name", refused.field());
    }

    @Test
    @SuppressWarnings("NullAway") // JSON-B does not know our annotations
    void aNameThatIsNullInJsonIsRefusedLikeAnyOther() {
        assertThrows(Failure.Invalid.class, () -> new Name(null));
    }
}
