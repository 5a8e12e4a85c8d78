package dev.nightshift.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import jakarta.json.Json;
import java.io.StringReader;
import java.time.Instant;
import java.time.ZoneId;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class WordsTest {
    private static final ZoneId BERLIN = ZoneId.of("Europe/Berlin");

    @ParameterizedTest
    @CsvSource({
        "-5, 0 ms",
        "840, 840 ms",
        "12400, 12.4 s",
        "59949, 59.9 s",
        "59950, 1 min 00 s",
        "252000, 4 min 12 s",
        "3600000, 1 h 00 min",
        "11100000, 3 h 05 min",
        "187200000, 2 d 4 h"
    })
    void durationsReadAsInTheConsole(long millis, String words) {
        assertEquals(words, Words.duration(millis));
    }

    @ParameterizedTest
    @CsvSource({
        "2026-11-28, 2026-11-27T23:00:00Z",
        "2026-11-28 22:00, 2026-11-28T21:00:00Z",
        "2026-11-28T22:00:30, 2026-11-28T21:00:30Z",
        "2026-11-28T22:00:00Z, 2026-11-28T22:00:00Z",
        "2026-11-28T22:00-05:00, 2026-11-29T03:00:00Z",
        "2026-07-01 00:30, 2026-06-30T22:30:00Z"
    })
    void aTimeWithoutAnOffsetIsInTheReadersZone(String given, Instant meant) {
        assertEquals(meant, Words.instant("--from", given, BERLIN));
    }

    @Test
    void whatIsNoTimeIsRefusedWithItsOptionAndTheForms() {
        Trouble trouble = assertThrows(Trouble.class, () -> Words.instant("--until", "tomorrow", BERLIN));
        assertEquals(ExitCode.WRONG_USAGE, trouble.code());
        assertTrue(trouble.line().startsWith("--until: \"tomorrow\" is no time. Write 2026-11-28"), trouble.line());
    }

    @Test
    void timesAreShownInTheReadersZone() {
        Instant at = Instant.parse("2026-11-28T01:15:04.900Z");
        assertEquals("2026-11-28 02:15:04", Words.time(at, BERLIN));
        assertEquals("Sat 2026-11-28 02:15 +01:00", Words.day(at, BERLIN));
    }

    @Test
    void nothingThatSteersATerminalIsShown() {
        assertEquals("  a [31mred    b", Words.plain("  a\u001b[31mred\r\n \u009b b\u0007"));
    }

    @Test
    void jsonMeansTheSameButSteersNoTerminal() {
        var json = Json.createObjectBuilder()
                .add("text", "a\u001b[31m\u009b31m\u007f \u00a0ü €\\u009b")
                .build();
        String shown = Words.json(json);
        assertTrue(shown.chars().noneMatch(Character::isISOControl), shown);
        assertTrue(shown.contains("\\u009b31m\\u007f \u00a0ü €"), shown);
        try (var reader = Json.createReader(new StringReader(shown))) {
            assertEquals(json, reader.readObject());
        }
    }
}
