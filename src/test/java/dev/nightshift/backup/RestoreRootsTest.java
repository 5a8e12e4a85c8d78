package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

class RestoreRootsTest {
    @Test
    void whatIsEmptyBetweenColonsIsNoRoot() {
        assertEquals(List.of(Path.of("/a"), Path.of("/b")), RestoreRoots.named("/a:: :/b/./:"));
        assertEquals(List.of(), RestoreRoots.named(" : "));
    }
}
