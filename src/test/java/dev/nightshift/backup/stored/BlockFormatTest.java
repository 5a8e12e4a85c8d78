package dev.nightshift.backup.stored;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.ProjectId;
import dev.nightshift.vault.ProjectKeys;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.List;
import java.util.Objects;
import java.util.Random;
import java.util.Set;
import java.util.UUID;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import org.junit.jupiter.api.Test;

class BlockFormatTest {
    private static final int BLOCK = 100;
    private final ProjectKeys keys = ProjectKeys.generate(new ProjectId(UUID.randomUUID()));
    private final ObjectContext context = new ObjectContext(keys.project(), UUID.randomUUID(), keys.newDataKey());
    private final MemoryStore store = new MemoryStore();

    private List<StoredObject> write(byte[] content, boolean compress, long partBytes) throws IOException {
        try (BlockPipeline pipeline = new BlockPipeline("test", BLOCK, 2, 1);
                ObjectSeries series = new ObjectSeries(
                        pipeline, context, store, "f/", StoredObject.Kind.ARCHIVE, "base.tar", compress, partBytes)) {
            InputStream in = new ByteArrayInputStream(content);
            for (int left = content.length; left > 0; ) {
                int some = Math.min(left, 1 + left % 77);
                series.fill(in, some);
                left -= some;
            }
            return series.finish();
        }
    }

    private byte[] read(ObjectContext with, List<StoredObject> objects) throws IOException {
        try (InputStream in = new BlockReader(with, store, "f/", objects, 2)) {
            return in.readAllBytes();
        }
    }

    private static byte[] content(int length, boolean random) {
        byte[] content = new byte[length];
        if (random) {
            new Random(length).nextBytes(content);
        } else {
            Arrays.fill(content, (byte) 'x');
        }
        return content;
    }

    @Property(tries = 60)
    void everyContentComesBackInWhateverParts(
            @ForAll @IntRange(max = 1200) int length,
            @ForAll boolean random,
            @ForAll boolean compress,
            @ForAll @IntRange(max = 5) int blocksPerPart)
            throws IOException {
        store.objects.clear();
        byte[] content = content(length, random);
        List<StoredObject> objects = write(content, compress, (long) blocksPerPart * BLOCK);
        assertArrayEquals(content, read(context, objects));
        assertEquals(
                length, objects.stream().mapToLong(StoredObject::contentBytes).sum());
        int parts =
                blocksPerPart == 0 ? 1 : Math.max(1, (length + blocksPerPart * BLOCK - 1) / (blocksPerPart * BLOCK));
        assertEquals(parts, objects.size());
        objects.forEach(object -> assertEquals(object.bytes(), store.get("f/" + object.name()).length));
    }

    @Test
    void everyFlippedByteIsRefused() throws IOException {
        List<StoredObject> objects = write(content(350, true), true, 0);
        byte[] good = store.get("f/base.tar");
        for (int i = 0; i < good.length; i++) {
            byte[] bad = good.clone();
            bad[i] ^= (byte) (1 << i % 8);
            store.objects.put("f/base.tar", bad);
            DamageException damage = assertThrows(DamageException.class, () -> read(context, objects), "byte " + i);
            assertTrue(String.valueOf(damage.getMessage()).contains("base.tar"));
        }
    }

    @Test
    void everyTruncationIsRefused() throws IOException {
        List<StoredObject> objects = write(content(350, true), true, 0);
        byte[] good = store.get("f/base.tar");
        for (int length = 0; length < good.length; length++) {
            store.objects.put("f/base.tar", Arrays.copyOf(good, length));
            assertThrows(DamageException.class, () -> read(context, objects), "cut to " + length);
        }
        store.objects.put("f/base.tar", Arrays.copyOf(good, good.length + 1));
        assertThrows(DamageException.class, () -> read(context, objects));
        store.objects.put("f/base.tar", Arrays.copyOf(good, good.length + 4));
        assertThrows(DamageException.class, () -> read(context, objects));
        store.objects.remove("f/base.tar");
        assertThrows(DamageException.class, () -> read(context, objects));
    }

    @Test
    void swappedMissingAndRepeatedBlocksAreRefused() throws IOException {
        List<StoredObject> objects = write(content(450, false), true, 0);
        byte[] good = store.get("f/base.tar");
        List<byte[]> blocks = new ArrayList<>();
        ByteBuffer in = ByteBuffer.wrap(good, ObjectHeader.BYTES, good.length - ObjectHeader.BYTES);
        while (in.hasRemaining()) {
            byte[] block = new byte[4 + in.getInt(in.position())];
            in.get(block);
            blocks.add(block);
        }
        assertEquals(5, blocks.size());
        for (int i = 0; i < 5; i++) {
            List<byte[]> missing = new ArrayList<>(blocks);
            missing.remove(i);
            refuse(good, missing, objects);
            List<byte[]> twice = new ArrayList<>(blocks);
            twice.add(i, blocks.get(i));
            refuse(good, twice, objects);
            for (int j = 0; j < i; j++) {
                List<byte[]> swapped = new ArrayList<>(blocks);
                Collections.swap(swapped, i, j);
                refuse(good, swapped, objects);
            }
        }
    }

    private void refuse(byte[] good, List<byte[]> blocks, List<StoredObject> objects) {
        ByteBuffer bad = ByteBuffer.allocate(2 * good.length).put(good, 0, ObjectHeader.BYTES);
        blocks.forEach(bad::put);
        store.objects.put("f/base.tar", Arrays.copyOf(bad.array(), bad.position()));
        assertThrows(DamageException.class, () -> read(context, objects));
    }

    @Test
    void anObjectOpensInItsPlaceOnly() throws IOException {
        List<StoredObject> objects = write(content(450, true), true, 200);
        ObjectContext otherBackup = new ObjectContext(context.project(), UUID.randomUUID(), context.key());
        ObjectContext otherProject =
                new ObjectContext(new ProjectId(UUID.randomUUID()), context.backup(), context.key());
        ObjectContext otherKey = new ObjectContext(context.project(), context.backup(), keys.newDataKey());
        for (ObjectContext other : List.of(otherBackup, otherProject, otherKey)) {
            assertThrows(DamageException.class, () -> read(other, objects));
        }
        byte[] first = store.get("f/base.tar/0001");
        store.objects.put("f/base.tar/0001", store.get("f/base.tar/0002"));
        store.objects.put("f/base.tar/0002", first);
        assertThrows(DamageException.class, () -> read(context, objects));
    }

    /** A key that encrypts two objects may meet a nonce twice, and AES-GCM gives both away then. */
    @Test
    void noTwoOfAThousandObjectsShareAKey() throws IOException {
        Set<String> derived = new HashSet<>();
        for (int at = 0; at < 1_000; at++) {
            // The same name, as an attempt after another one writes it, and the same content
            StoredObject object = write(content(10, false), true, 0).get(0);
            byte[] stored = Objects.requireNonNull(store.objects.remove("f/" + object.name()));
            derived.add(key(context, stored, object.name()));
        }
        assertEquals(1_000, derived.size());
    }

    @Test
    void theKeyOfAnObjectIsOfItsNameItsBackupAndItsProjectEvenWhereASaltComesAgain() throws IOException {
        StoredObject object = write(content(10, false), true, 0).get(0);
        byte[] stored = store.get("f/" + object.name());
        ObjectContext log = new ObjectContext(context.project(), UUID.randomUUID(), keys.newDataKey());
        List<String> derived = new ArrayList<>(List.of(
                key(context, stored, object.name()),
                key(new ObjectContext(context.project(), UUID.randomUUID(), context.key()), stored, object.name()),
                key(
                        new ObjectContext(new ProjectId(UUID.randomUUID()), context.backup(), context.key()),
                        stored,
                        object.name()),
                key(log, stored, object.name())));
        for (int at = 0; at < 1_000; at++) {
            derived.add(key(context, stored, "wal/" + at));
        }
        assertEquals(derived.size(), new HashSet<>(derived).size());
        assertEquals(key(context, stored, object.name()), derived.get(0), "and it is the same the next time");
    }

    private static String key(ObjectContext with, byte[] stored, String name) throws IOException {
        ObjectHeader header = ObjectHeader.parse(Arrays.copyOf(stored, ObjectHeader.BYTES));
        return HexFormat.of().formatHex(with.objectKey(header, name).getEncoded());
    }

    @Test
    void aStoreThatFailsComesOutAsItsOwnFailure() {
        Store failing = new FailingStore(store);
        BlockPipeline pipeline = new BlockPipeline("test", BLOCK, 2, 1);
        try (pipeline;
                ObjectSeries series = new ObjectSeries(
                        pipeline, context, failing, "f/", StoredObject.Kind.ARCHIVE, "base.tar", true, 0)) {
            assertThrows(dev.nightshift.kernel.Failure.Retryable.class, () -> {
                for (int i = 0; i < 100; i++) {
                    series.write(content(500, true));
                }
                series.finish();
            });
        }
        assertTrue(store.objects.isEmpty());
    }
}
