package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class LsnTest {
    private static final int SEGMENT = 16 << 20;

    @Property
    void everyPositionSurvivesItsText(@ForAll long value) {
        assertEquals(new Lsn(value), Lsn.parse(new Lsn(value).toString()));
    }

    @Test
    void positionsBeyondTheSignAreLater() {
        assertTrue(new Lsn(-1).compareTo(new Lsn(1)) > 0);
    }

    @Test
    void segmentsAreNamedAndBoundedAsTheServerDoes() {
        Lsn position = Lsn.parse("1/1C000060");
        assertEquals("00000003000000010000001C", position.segmentName(3, SEGMENT));
        assertEquals(Lsn.parse("1/1C000000"), position.segmentStart(SEGMENT));
        assertEquals(Lsn.parse("1/1D000000"), position.segmentEnd(SEGMENT));
        assertEquals(Lsn.parse("1/1C000000"), Lsn.parse("1/1C000000").segmentEnd(SEGMENT));
        assertEquals("0000000100000002000000FF", Lsn.parse("2/FF000000").segmentName(1, SEGMENT));
        assertEquals("000000010000000200000003", Lsn.parse("2/C0000000").segmentName(1, 1 << 30));
    }

    @Test
    void otherTextIsNoPosition() {
        for (String text : new String[] {"", "/", "1/", "/1", "16B374D848", "1/123456789", "x/1"}) {
            assertThrows(IllegalArgumentException.class, () -> Lsn.parse(text), text);
        }
    }
}
