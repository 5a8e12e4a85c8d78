package dev.nightshift.google;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.time.Duration;
import java.time.Instant;
import org.junit.jupiter.api.Test;

class AccessTokenTest {
    private static final Instant NOW = Instant.parse("2026-11-30T17:00:00Z");

    @Test
    void anotherOneIsAskedForShortlyBeforeItsEnd() {
        assertEquals(Duration.ofMinutes(57), serving(Duration.ofHours(1)));
        assertEquals(Duration.ofMinutes(3), serving(Duration.ofMinutes(6)));
        assertEquals(Duration.ofMinutes(2), serving(Duration.ofMinutes(4)), "half of its life");
        assertEquals(Duration.ZERO, serving(Duration.ZERO));
    }

    private static Duration serving(Duration life) {
        return Duration.between(NOW, AccessToken.of("ya29", life, NOW).until());
    }

    @Test
    void itServesUntilThenAndIsNotShown() {
        AccessToken token = AccessToken.of("ya29", Duration.ofHours(1), NOW);
        assertTrue(token.serves(token.until().minusMillis(1)));
        assertFalse(token.serves(token.until()));
        assertEquals("AccessToken[until 2026-11-30T17:57:00Z]", token.toString());
    }
}
