package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import org.junit.jupiter.api.Test;

class LogWalkerTest {
    private static final Lsn START = Lsn.parse("0/3000000");

    private static LogWalk walk(byte[] log, Lsn from) throws IOException {
        return new LogWalker(
                        new ByteArrayInputStream(log), Long.toString(LogFixture.SYSTEM), 1, LogFixture.SEGMENT, from)
                .walk();
    }

    private static byte[] data(Random random, int length) {
        byte[] data = new byte[length];
        random.nextBytes(data);
        return data;
    }

    @Property(tries = 100)
    void everyChainIsWalkedToItsLastRecordFromAnyOfThem(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        LogFixture log = new LogFixture(START, 2);
        List<Lsn> starts = new ArrayList<>();
        int count = 3 + random.nextInt(40);
        for (int i = 0; i < count; i++) {
            starts.add(log.record(
                    10, 0x10, data(random, random.nextInt(8) == 0 ? random.nextInt(30_000) : 8 * random.nextInt(40))));
        }
        int from = random.nextInt(count);
        LogWalk walk = walk(log.bytes(), starts.get(from));
        assertEquals(count - from, walk.records(), walk::end);
        assertTrue(walk.reached().compareTo(starts.get(count - 1)) > 0);
    }

    @Property(tries = 100)
    void aFlippedByteEndsTheChainBeforeItsRecord(@ForAll long seed) throws IOException {
        Random random = new Random(seed);
        LogFixture log = new LogFixture(START, 1);
        List<Lsn> starts = new ArrayList<>();
        for (int i = 0; i < 20; i++) {
            starts.add(log.record(10, 0x10, data(random, 8 * random.nextInt(200))));
        }
        int hit = random.nextInt(20);
        Lsn begin = starts.get(hit);
        byte[] bytes = log.bytes().clone();
        int at = (int) (begin.value() - START.value()) + random.nextInt(24);
        if (at % LogFixture.PAGE >= 24) {
            bytes[at] ^= (byte) (1 << random.nextInt(8));
            LogWalk walk = walk(bytes, starts.get(0));
            assertEquals(hit, walk.records(), walk::end);
        }
    }

    @Test
    void aMissingSegmentOrAForeignOneEndsTheChain() throws IOException {
        LogFixture log = new LogFixture(START, 3);
        Lsn first = log.record(10, 0, new byte[100]);
        log.switchSegment();
        Lsn second = log.at();
        log.record(10, 0, new byte[100]);
        log.switchSegment();
        log.record(10, 0, new byte[100]);
        assertEquals(5, walk(log.bytes(), first).records());
        byte[] hole = log.bytes().clone();
        System.arraycopy(hole, 2 * LogFixture.SEGMENT, hole, LogFixture.SEGMENT, LogFixture.SEGMENT);
        LogWalk walk = walk(hole, first);
        assertEquals(second.segmentStart(LogFixture.SEGMENT), walk.reached());
        assertTrue(walk.end().contains("belongs to"), walk::end);
        byte[] foreign = log.bytes().clone();
        foreign[LogFixture.SEGMENT + 24] ^= 1;
        assertTrue(walk(foreign, first).end().contains("another cluster"));
        byte[] zeros = log.bytes().clone();
        Arrays.fill(zeros, LogFixture.SEGMENT, zeros.length, (byte) 0);
        assertTrue(walk(zeros, first).end().contains("no page"));
        byte[] timeline = log.bytes().clone();
        timeline[LogFixture.SEGMENT + 4] = 2;
        assertTrue(walk(timeline, first).end().contains("timeline 2"));
    }

    @Test
    void tablespacesCreatedInTheLogAreFound() throws IOException {
        LogFixture log = new LogFixture(START, 1);
        Lsn first = log.record(10, 0, new byte[10]);
        log.tablespace(16_500, "/srv/fast");
        log.tablespace(16_501, "");
        log.record(5, 0x10, new byte[6]);
        LogWalk walk = walk(log.bytes(), first);
        assertEquals(
                List.of("/srv/fast", ""),
                walk.tablespaces().stream().map(LogWalk.TablespaceCreated::path).toList());
        assertEquals("16500", walk.tablespaces().get(0).oid());
    }
}
