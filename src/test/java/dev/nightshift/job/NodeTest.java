package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.logging.Handler;
import java.util.logging.Level;
import java.util.logging.LogRecord;
import java.util.logging.Logger;
import java.util.logging.SimpleFormatter;
import org.junit.jupiter.api.Test;

class NodeTest {
    @Test
    void aClockMayBeOffByTwoSecondsEitherWay() {
        assertFalse(Node.isOff(Duration.ofSeconds(2)));
        assertFalse(Node.isOff(Duration.ofSeconds(-2)));
        assertTrue(Node.isOff(Duration.ofMillis(2_001)));
        assertTrue(Node.isOff(Duration.ofMillis(-2_001)));
    }

    @Test
    void aClockThatIsOffIsToldOnceInTheLogUntilItWasRightAgain() {
        List<String> warnings = new ArrayList<>();
        Handler heard = new Handler() {
            @Override
            public void publish(LogRecord entry) {
                if (entry.getLevel().equals(Level.WARNING)) {
                    warnings.add(new SimpleFormatter().formatMessage(entry));
                }
            }

            @Override
            public void flush() {}

            @Override
            public void close() {}
        };
        Logger log = Logger.getLogger(Node.class.getName());
        log.addHandler(heard);
        try {
            Node node = new Node();
            for (long millis : new long[] {10, 2_600, 2_700, 2_650}) {
                node.heard(new Leases.Heard(3, false, Duration.ofMillis(millis)));
            }
            assertEquals(1, warnings.size(), warnings::toString);
            assertTrue(warnings.get(0).contains("by 2600 ms; synchronise"), warnings::toString);
            node.heard(new Leases.Heard(3, false, Duration.ZERO));
            node.heard(new Leases.Heard(3, false, Duration.ofSeconds(-5)));
            assertEquals(2, warnings.size(), warnings::toString);
        } finally {
            log.removeHandler(heard);
        }
    }
}
