package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.DamageException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.SortedMap;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import net.jqwik.api.constraints.UniqueElements;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IncrementalFileTest {
    private static final int BLOCK = IncrementalFile.BLOCK;
    private static final int MARK = 0xd3ae1f0d;

    private static byte[] made(int mark, int count, int length, int... numbers) {
        ByteBuffer head = ByteBuffer.allocate(12 + 4 * numbers.length).order(ByteOrder.LITTLE_ENDIAN);
        head.putInt(mark).putInt(count).putInt(length);
        Arrays.stream(numbers).forEach(head::putInt);
        ByteArrayOutputStream file = new ByteArrayOutputStream();
        file.writeBytes(head.array());
        if (numbers.length > 0) {
            file.writeBytes(new byte[(BLOCK - head.capacity() % BLOCK) % BLOCK]);
        }
        for (int number : numbers) {
            file.writeBytes(blocks(number + 100));
        }
        return file.toByteArray();
    }

    /** Such a file of some blocks, each filled with the value beside its number. */
    static byte[] incremental(int length, SortedMap<Integer, Integer> values) {
        int[] numbers = values.keySet().stream().mapToInt(Integer::intValue).toArray();
        byte[] file = incremental(length, numbers);
        byte[] content =
                blocks(values.values().stream().mapToInt(Integer::intValue).toArray());
        System.arraycopy(content, 0, file, file.length - content.length, content.length);
        return file;
    }

    /** Such a file, each block filled with its number plus 100. */
    static byte[] incremental(int length, int... numbers) {
        return made(MARK, numbers.length, length, numbers);
    }

    /** Blocks, each filled with its value. */
    static byte[] blocks(int... values) {
        byte[] all = new byte[values.length * BLOCK];
        for (int at = 0; at < values.length; at++) {
            Arrays.fill(all, at * BLOCK, (at + 1) * BLOCK, (byte) values[at]);
        }
        return all;
    }

    private static byte[] applied(Path folder, byte[] before, byte[] changes, int piece) throws IOException {
        Path file = Files.write(folder.resolve("1"), before);
        apply(changes, piece, new ChangedFile(file, FileChannel::close));
        return Files.readAllBytes(file);
    }

    private static void apply(byte[] changes, int piece, FileTaker.Blocks to) throws IOException {
        try (IncrementalFile file = new IncrementalFile("base/5/INCREMENTAL.1", to)) {
            for (int at = 0; at < changes.length; at += piece) {
                byte[] bytes = Arrays.copyOfRange(changes, at, Math.min(changes.length, at + piece));
                file.write(bytes, bytes.length);
            }
        }
    }

    @Test
    void changedBlocksAreWrittenInPlaceWhateverPiecesTheyComeIn(@TempDir Path folder) throws IOException {
        byte[] changes = incremental(4, 1, 2, 3);
        for (int piece : new int[] {1, 7, 11, 8191, 8192, 8193, 1 << 18}) {
            assertArrayEquals(
                    blocks(1, 101, 102, 103),
                    applied(folder, blocks(1, 2, 3, 4), changes, piece),
                    "pieces of " + piece);
        }
    }

    @Test
    void aFileThatDidNotChangeIsItsHeadOnly(@TempDir Path folder) throws IOException {
        assertEquals(12, incremental(2).length);
        assertArrayEquals(blocks(1, 2), applied(folder, blocks(1, 2), incremental(2), 5));
    }

    @Test
    void aTableThatWasCutLosesItsEndAndOneThatGrewAgainHasZerosBetween(@TempDir Path folder) throws IOException {
        assertArrayEquals(blocks(1), applied(folder, blocks(1, 2, 3), incremental(1), 1 << 18));
        assertArrayEquals(blocks(), applied(folder, blocks(1, 2, 3), incremental(0), 1 << 18));
        assertArrayEquals(blocks(1, 0, 0, 103), applied(folder, blocks(1, 2, 3), incremental(1, 3), 1 << 18));
        assertArrayEquals(blocks(1, 0, 0), applied(folder, blocks(1), incremental(3), 1 << 18));
    }

    @Test
    void aLengthBeyondTheSegmentKeepsAllOfIt() throws IOException {
        for (int length : new int[] {131_072, 131_073, 400_000, -1}) {
            List<Integer> kept = new ArrayList<>();
            apply(made(MARK, 1, length, 2), 1 << 18, new FileTaker.Blocks() {
                @Override
                public void length(int keep, int whole) {
                    kept.addAll(List.of(keep, whole));
                }

                @Override
                public void write(long at, byte[] bytes, int from, int count) {
                    assertEquals(2L * BLOCK, at);
                }

                @Override
                public void close() {}
            });
            assertEquals(List.of(131_072, 131_072), kept, "length " + Integer.toUnsignedString(length));
        }
    }

    @Property(tries = 100)
    void itIsWhatTheBlocksSay(
            @ForAll @Size(max = 20) @UniqueElements List<@IntRange(max = 30) Integer> numbers,
            @ForAll @IntRange(max = 20) int before,
            @ForAll @IntRange(max = 30) int length,
            @ForAll @IntRange(min = 1, max = 50_000) int piece)
            throws IOException {
        int[] changed = numbers.stream().mapToInt(Integer::intValue).toArray();
        byte[] expected = new byte
                [Math.max(length, Arrays.stream(changed).map(n -> n + 1).max().orElse(0)) * BLOCK];
        byte[] old = new byte[before * BLOCK];
        Arrays.fill(old, (byte) 7);
        System.arraycopy(old, 0, expected, 0, Math.min(before, length) * BLOCK);
        for (int number : changed) {
            Arrays.fill(expected, number * BLOCK, (number + 1) * BLOCK, (byte) (number + 100));
        }
        Path file = Files.createTempFile("nightshift-incremental", "");
        try {
            Files.write(file, old);
            apply(incremental(length, changed), piece, new ChangedFile(file, FileChannel::close));
            assertArrayEquals(expected, Files.readAllBytes(file));
        } finally {
            Files.delete(file);
        }
    }

    @Test
    void everyDamageIsNamedWithTheFile() {
        refused("does not begin as an incremental file does", made(MARK + 1, 0, 1));
        refused("holds block 131072, a file has at most 131072", incremental(4, 131_072));
        refused("holds block 4294967295, a file has at most 131072", incremental(4, -1));
        refused("holds block 2 twice", incremental(4, 1, 2, 2));
        refused("tells of 131073 blocks, a file has at most 131072", made(MARK, 131_073, 4));
        refused("tells of 4294967295 blocks", made(MARK, -1, 4));
        byte[] whole = incremental(4, 0, 3);
        refused("goes on after its last block", Arrays.copyOf(whole, whole.length + 1));
        refused("goes on after its last block", Arrays.copyOf(incremental(4), 13));
        for (int length : new int[] {0, 3, 11, 12, 15, 20, 100, BLOCK - 1, BLOCK, 2 * BLOCK, whole.length - 1}) {
            refused("is cut off after " + length + " bytes", Arrays.copyOf(whole, length));
        }
    }

    private static void refused(String why, byte[] changes) {
        DamageException damage =
                assertThrows(DamageException.class, () -> apply(changes, 4096, FileTaker.Blocks.NOTHING), why);
        assertTrue(
                String.valueOf(damage.getMessage()).contains("the file base/5/INCREMENTAL.1 " + why),
                () -> why + ": " + damage.getMessage());
    }

    @Test
    void changesWithoutTheFileAreRefused(@TempDir Path folder) {
        DamageException damage =
                assertThrows(DamageException.class, () -> new ChangedFile(folder.resolve("16384"), FileChannel::close));
        assertTrue(String.valueOf(damage.getMessage()).contains("16384"), damage::getMessage);
    }
}
