package dev.nightshift.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.List;
import org.junit.jupiter.api.Test;

class TableTest {
    @Test
    void columnsAreAlignedAndNumbersStandOnTheRight() {
        Table table = new Table(false).column("NAME").number("SIZE").column("STATE");
        table.row("shop", "1.2 GB", State.of("COMPLETED")).row("a-long-name", "532 B", State.of("FAILED"));
        assertEquals(
                List.of("NAME           SIZE  STATE", "shop         1.2 GB  ● done", "a-long-name   532 B  ■ failed"),
                table.lines());
    }

    @Test
    void colourIsForWhatNeedsAPersonAndMovesNothing() {
        Table table = new Table(true).column("STATE").column("BY");
        table.row(State.of("FAILED"), "key ci").row(State.of("COMPLETED"), "key ci");
        assertEquals(List.of("STATE     BY", "\u001b[31m■ failed\u001b[0m  key ci", "● done    key ci"), table.lines());
    }

    @Test
    void aStateOfANewerServerKeepsItsWord() {
        assertEquals("– being moved", State.of("BEING_MOVED").text());
    }
}
