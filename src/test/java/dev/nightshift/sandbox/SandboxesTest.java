package dev.nightshift.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Bytes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SandboxesTest {
    private static final ProcessMark NOBODY = new ProcessMark(1, 0, "another boot");
    private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");

    private final Path root;
    private final Path outside;
    private final Sandboxes sandboxes;

    SandboxesTest(@TempDir Path folder) throws IOException {
        root = Files.createDirectory(folder.resolve("sandboxes"));
        outside = Files.createDirectory(folder.resolve("outside"));
        Files.writeString(outside.resolve("file"), "the source's");
        sandboxes = new Sandboxes(root, Set.of(), () -> NOW);
    }

    @Test
    void aSandboxIsRegisteredAsLongAsItExists() throws IOException {
        Sandbox sandbox =
                sandboxes.create("a test", Quota.ofDisk(new Bytes(1L << 30)), new Bytes(0), Duration.ofMinutes(1));
        Registration registration = Registration.read(root.resolve(sandbox.id() + ".json"));
        assertEquals("a test", registration.purpose());
        assertEquals(NOW.plusSeconds(60), registration.expires());
        assertTrue(registration.owner().isAlive());
        assertEquals(0, sandboxes.sweep());
        assertEquals(0, new Sandboxes(root, Set.of(), () -> NOW).sweep(), "another's that lives is left alone");
        sandbox.close();
        assertFalse(Files.exists(root.resolve(sandbox.id() + ".json")));
        assertFalse(Files.exists(sandbox.folder().path()));
    }

    /** Each of four drills saw the same room before, and together they filled the disk. */
    @Test
    void roomThatIsPromisedToOneSandboxIsNotFreeForTheNext() throws IOException {
        long free = Files.getFileStore(root).getUsableSpace();
        Quota quota = Quota.ofDisk(new Bytes(1L << 30));
        try (Sandbox first = sandboxes.create("a test", quota, new Bytes(free / 5 * 3), Duration.ofMinutes(1))) {
            NotPossibleHere refused = assertThrows(
                    NotPossibleHere.class,
                    () -> sandboxes.create("a test", quota, new Bytes(free / 5 * 3), Duration.ofMinutes(1)));
            assertTrue(
                    String.valueOf(refused.getMessage()).endsWith(" that other proofs are about to write."),
                    refused::getMessage);
            try (Sandbox small = sandboxes.create("a test", quota, new Bytes(free / 100), Duration.ofMinutes(1))) {
                assertTrue(Files.exists(small.folder().path())
                        && Files.exists(first.folder().path()));
            }
        }
        sandboxes
                .create("a test", quota, new Bytes(free / 5 * 3), Duration.ofMinutes(1))
                .close();
    }

    @Test
    void aSweepTakesWhatNobodyUsesAndNeverFollowsALink() throws IOException {
        leftover("aaaaaaaa", NOBODY, null);
        leftover("bbbbbbbb", ProcessMark.self(), null);
        Files.createDirectories(root.resolve("cccccccc/data"));
        Files.createDirectories(root.resolve("something else"));
        assertEquals(3, new Sandboxes(root, Set.of(), () -> NOW.plusSeconds(61)).sweep());
        assertEquals("the source's", Files.readString(outside.resolve("file")));
        try (var left = Files.list(root)) {
            assertEquals(Set.of(root.resolve("something else")), Set.copyOf(left.toList()), "what is not ours stays");
        }
    }

    @Test
    void onlyTheVeryProcessThatWasRegisteredIsKilled() throws Exception {
        Process other = new ProcessBuilder("sleep", "60").start();
        Process ours = new ProcessBuilder("sleep", "60").start();
        try {
            ProcessMark mark = ProcessMark.of(other.pid()).orElseThrow();
            leftover("aaaaaaaa", NOBODY, new ProcessMark(mark.pid(), mark.startTicks() - 1, mark.boot()));
            leftover("bbbbbbbb", NOBODY, ProcessMark.of(ours.pid()).orElseThrow());
            assertEquals(2, sandboxes.sweep());
            assertTrue(ours.waitFor(10, TimeUnit.SECONDS));
            assertTrue(other.isAlive());
        } finally {
            ours.destroyForcibly();
            other.destroyForcibly();
        }
    }

    @Test
    void aRegistrationThatCannotBeReadIsLeftForAPerson() throws IOException {
        Files.writeString(root.resolve("aaaaaaaa.json"), "{");
        assertEquals(0, sandboxes.sweep());
        assertTrue(Files.exists(root.resolve("aaaaaaaa.json")));
    }

    @Test
    void aClosedNightshiftHasNoSandboxes() {
        Sandbox sandbox =
                sandboxes.create("a test", Quota.ofDisk(new Bytes(1L << 30)), new Bytes(0), Duration.ofMinutes(1));
        sandboxes.close();
        assertFalse(Files.exists(sandbox.folder().path()));
    }

    private void leftover(String id, ProcessMark owner, @Nullable ProcessMark server) throws IOException {
        new Registration(id, "a test", NOW, NOW.plusSeconds(60), owner, server).write(root);
        Path tablespaces = Files.createDirectories(root.resolve(id).resolve("data/pg_tblspc"));
        Files.createSymbolicLink(tablespaces.resolve("16400"), outside);
    }
}
