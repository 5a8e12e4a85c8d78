package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.sandbox.Errand;
import dev.nightshift.sandbox.NotPossibleHere;
import java.util.Optional;
import org.junit.jupiter.api.Test;

/** What ran out on this machine says nothing of a backup. */
class DumpRestoreTest {
    private static Optional<NotPossibleHere> ended(int code, String reason) {
        return DumpRestore.ended(new Errand.Outcome(code, reason), reason, e -> Optional.empty());
    }

    @Test
    void aProgramThatWasEndedDidNotFail() {
        assertTrue(ended(-1, "").isPresent());
        assertTrue(ended(137, "").orElseThrow().toString().contains("signal 9"));
        assertTrue(ended(152, "could not execute query").isPresent());
    }

    @Test
    void aServerThatLeftIsAskedWhatItRanOutOf() {
        NotPossibleHere memory = new NotPossibleHere("out of memory", null);
        String reason = "could not execute query: server closed the connection unexpectedly";
        assertEquals(
                Optional.of(memory),
                DumpRestore.ended(new Errand.Outcome(1, reason), reason, e -> Optional.of(memory)));
        assertEquals(Optional.empty(), ended(1, reason), "nothing ran out: it is the dump that the server fell over");
    }

    @Test
    void whatTheServerComplainsOfSpeaksAgainstTheDump() {
        assertEquals(Optional.empty(), ended(1, "could not execute query: syntax error at or near"));
        assertTrue(ended(1, "could not extend file: No space left on device").isPresent());
    }
}
