package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import org.junit.jupiter.api.Test;

class StoresAwayTest {
    private final Failure refused = new Failure.Unusable("The store b refuses.", "Check its account.", null);
    private final Failure gone = new Failure.Retryable("The store a is away.", "Look at it.", null);

    private static Failure failure(StoresAway away) {
        return away.failure("Not reached: " + away.names() + ".", "Restart the run then.");
    }

    @Test
    void aRefusalIsNotTriedAgainAndSaysWhatToPutRight() {
        var away = new StoresAway();
        assertTrue(away.isEmpty());
        away.add("b", refused);
        Failure said = assertInstanceOf(Failure.Unusable.class, failure(away));
        assertEquals("Not reached: b. The store b refuses.", said.getMessage());
        assertEquals("Check its account. Restart the run then.", said.remedy());
        var silent = new StoresAway();
        silent.add("b", new Failure.Unusable("No.", null, null));
        assertEquals("Restart the run then.", failure(silent).remedy());
    }

    @Test
    void whatMayComeBackIsTriedAgainBesideARefusal() {
        var away = new StoresAway();
        away.add("b", refused);
        away.add("a", gone);
        away.add("a", refused);
        Failure said = assertInstanceOf(Failure.Retryable.class, failure(away));
        assertEquals("Not reached: b, a. The store a is away.", said.getMessage());
        assertEquals("Restart the run then.", said.remedy());
    }
}
