package dev.nightshift.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class RootsTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    void whatIsEmptyBetweenColonsIsNoRoot() {
        Path usual = Path.of("/usual");
        assertEquals(
                List.of(Path.of("/a"), Path.of("/b")),
                Roots.of(Optional.of("/a:: :/b/./:"), usual).folders());
        assertEquals(List.of(usual), Roots.of(Optional.of(" : "), usual).folders());
        assertEquals(List.of(usual), Roots.of(Optional.empty(), usual).folders());
    }

    @Test
    void onlyAnAbsolutePathBelowARootIsNamedByIt() {
        Roots roots = new Roots(List.of(Path.of("/a"), Path.of("/b/c")));
        assertTrue(roots.names(Path.of("/a/x")));
        assertTrue(roots.names(Path.of("/b/c/d/e")));
        for (String other : List.of("/a", "/ab/x", "/b/x", "/a/../etc/passwd", "/b/c/../x", "a/x", "")) {
            assertFalse(roots.names(Path.of(other)), other);
        }
        assertTrue(Roots.ANYWHERE.names(Path.of("/etc/passwd")));
    }

    @Test
    void noLinkBelowARootLeadsOutOfIt() throws IOException {
        Path root = Files.createDirectory(folder.resolve("root"));
        Path outside = Files.createDirectory(folder.resolve("outside"));
        Path secret = Files.createFile(outside.resolve("secret"));
        Files.createFile(root.resolve("own"));
        Files.createSymbolicLink(root.resolve("file"), secret);
        Files.createSymbolicLink(root.resolve("folder"), outside);
        Files.createSymbolicLink(root.resolve("dangling"), outside.resolve("absent"));
        Files.createSymbolicLink(root.resolve("inside"), root.resolve("own"));
        Roots roots = new Roots(List.of(root));
        assertTrue(roots.holds(root.resolve("own")));
        assertTrue(roots.holds(root.resolve("inside")));
        assertTrue(roots.holds(root.resolve("absent/too")));
        for (String out : List.of("file", "folder/secret", "folder/absent", "dangling")) {
            assertFalse(roots.holds(root.resolve(out)), out);
        }
        assertFalse(roots.holds(secret));
    }

    @Test
    void aRootMayBeALinkItselfAndAFileMayBeOneMore() throws IOException {
        Path real = Files.createDirectory(folder.resolve("real"));
        Path root = Files.createSymbolicLink(folder.resolve("link"), real);
        Path file = Files.createFile(real.resolve("file"));
        assertTrue(new Roots(List.of(root)).holds(root.resolve("file")));
        Path more = Files.createFile(folder.resolve("more"));
        assertFalse(new Roots(List.of(root)).holds(more));
        assertTrue(new Roots(List.of(root)).and(more).holds(more));
        assertFalse(new Roots(List.of(root)).holds(file), "named by another path than the root's");
    }
}
