package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.postgres.Lsn;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** Segments have 1 MiB here: position 0/300000 is the first byte of segment 3. */
class JoinedLogTest {
    private static final int SEGMENT = 1 << 20;
    private static final Instant NOON = Instant.parse("2026-01-01T12:00:00Z");

    /** Whose segments hold its own name. */
    private record Named(
            String name, List<Stretch> stretches, @Nullable Instant moment) implements ArchivedLog {
        static Named of(String name, @Nullable Instant moment, String... stretches) {
            return new Named(
                    name,
                    Stream.of(stretches)
                            .map(each -> each.split(" "))
                            .map(each -> new Stretch(Integer.parseInt(each[0]), Lsn.parse(each[1]), Lsn.parse(each[2])))
                            .toList(),
                    moment);
        }

        @Override
        public int segmentBytes() {
            return SEGMENT;
        }

        @Override
        public Set<Integer> timelinesWithHistory() {
            return Set.of(name.length());
        }

        @Override
        public Optional<String> history(int timeline) {
            return timeline == name.length() ? Optional.of(name) : Optional.empty();
        }

        @Override
        public Optional<Instant> covered(int timeline, Lsn end) {
            return Optional.ofNullable(moment);
        }

        @Override
        public InputStream open(int timeline, Lsn start) {
            return new ByteArrayInputStream(name.getBytes(StandardCharsets.UTF_8));
        }
    }

    private static String opened(ArchivedLog log, String start) throws IOException {
        try (InputStream in = log.open(1, Lsn.parse(start))) {
            return new String(in.readAllBytes(), StandardCharsets.UTF_8);
        }
    }

    @Test
    void whatAnyHoldsIsStored() throws IOException {
        Named newer = Named.of("newer", NOON, "1 0/400000 0/680000", "2 0/600000 0/700000");
        Named older = Named.of("old", NOON.minusSeconds(60), "1 0/200000 0/480000", "1 0/900000 0/A00000");
        JoinedLog joined = new JoinedLog(List.of(newer, older));
        assertEquals(
                Named.of("", null, "1 0/200000 0/680000", "1 0/900000 0/A00000", "2 0/600000 0/700000")
                        .stretches(),
                joined.stretches());
        // The older one has the beginning of this segment only, of the next nothing
        assertEquals("newer", opened(joined, "0/400000"));
        assertEquals("newer", opened(joined, "0/500000"));
        assertEquals("old", opened(joined, "0/300000"));
        assertEquals("old", opened(joined, "0/900000"));
        assertThrows(DamageException.class, () -> joined.open(1, Lsn.parse("0/700000")));
        assertThrows(DamageException.class, () -> joined.open(2, Lsn.parse("0/500000")));
        assertEquals(Set.of(3, 5), joined.timelinesWithHistory());
        assertEquals(Optional.of("old"), joined.history(3));
        assertEquals(Optional.of("newer"), joined.history(5));
        assertEquals(Optional.empty(), joined.history(4));
        assertEquals(Optional.of(NOON), joined.covered(1, Lsn.parse("0/680000")));
    }

    @Test
    void whatHoldsMoreOfASegmentIsRead() throws IOException {
        Named newer = Named.of("newer", null, "1 0/400000 0/440000");
        Named older = Named.of("old", null, "1 0/200000 0/480000");
        JoinedLog joined = new JoinedLog(List.of(newer, older));
        assertEquals("old", opened(joined, "0/400000"));
        assertEquals(Named.of("", null, "1 0/200000 0/480000").stretches(), joined.stretches());
    }
}
