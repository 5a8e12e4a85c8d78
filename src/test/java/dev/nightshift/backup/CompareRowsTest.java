package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.evidence.Answer;
import java.sql.SQLException;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CompareRowsTest {
    @ParameterizedTest
    @CsvSource({
        "42P01, true",
        "3F000, true",
        "22021, true",
        "58030, true",
        "XX001, true",
        "42501, false",
        "53200, false",
        "57014, false"
    })
    void whatIsMissingOrDamagedDiffersAndWhatCouldNotBeAskedDoesNot(String state, boolean differs) {
        assertEquals(differs, Answer.isDifference(new SQLException("x", state)));
    }

    @Test
    void thatNothingWasComparedIsSaid() {
        CompareRows.Compared nothing = new CompareRows.Compared(0, 0, 1, List.of("app.orders: no time"));
        CompareRows.Compared empty = new CompareRows.Compared(0, 0, 0, List.of());
        assertAll(
                () -> assertTrue(nothing.nothing()),
                () -> assertTrue(nothing.words().startsWith("No row was compared"), nothing::words),
                () -> assertFalse(empty.nothing()));
    }
}
