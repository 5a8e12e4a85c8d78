package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.postgres.Lsn;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class WalArchivesTest {
    private static WalRepository.Archive archive(int number, String system, boolean ended) {
        return new WalRepository.Archive(
                new UUID(0, number), system, 16 << 20, "local", "archive-" + number, ended ? "set back" : null);
    }

    private static List<Long> joinable(@Nullable Integer current, WalRepository.Archive... newestFirst) {
        return WalArchives.joinable(List.of(newestFirst), "7310", current == null ? null : new UUID(0, current))
                .stream()
                .map(archive -> archive.id().getLeastSignificantBits())
                .toList();
    }

    @Test
    void archivesOfOneClusterAreOne() {
        assertEquals(
                List.of(4L, 2L, 1L),
                joinable(
                        4,
                        archive(4, "7310", false),
                        archive(3, "9999", true),
                        archive(2, "7310", false),
                        archive(1, "7310", false)));
        assertEquals(List.of(), joinable(null, archive(1, "9999", false)));
    }

    @Test
    void nothingIsJoinedAcrossAServerThatWasSetBack() {
        assertEquals(
                List.of(4L, 3L),
                joinable(
                        4,
                        archive(4, "7310", false),
                        archive(3, "7310", false),
                        archive(2, "7310", true),
                        archive(1, "7310", false)));
        assertEquals(List.of(2L), joinable(2, archive(2, "7310", true), archive(1, "7310", false)));
        assertEquals(List.of(2L), joinable(null, archive(2, "7310", true), archive(1, "7310", true)));
    }

    @Test
    void theOneThatIsWrittenToIsTakenThoughItIsOlder() {
        WalRepository.Archive[] all = Stream.of(
                        archive(3, "7310", false), archive(2, "7310", true), archive(1, "7310", false))
                .toArray(WalRepository.Archive[]::new);
        assertEquals(List.of(3L, 1L), joinable(1, all));
        assertEquals(List.of(3L), joinable(2, all));
        assertEquals(List.of(1L), joinable(1, archive(2, "7310", true), archive(1, "7310", false)));
    }

    @Test
    void anotherSegmentSizeIsAnotherLog() {
        WalRepository.Archive small =
                new WalRepository.Archive(new UUID(0, 1), "7310", 1 << 20, "local", "archive-1", null);
        assertEquals(List.of(2L), joinable(2, archive(2, "7310", false), small));
    }

    @Test
    void aStretchThatIsStoredNoMoreUpToItsEndSaysNoMoment() {
        Instant before = Instant.parse("2026-11-28T10:00:00Z");
        Instant last = Instant.parse("2026-11-29T10:00:00Z");
        List<LogCopyRepository.Stretch> catalogued = List.of(
                new LogCopyRepository.Stretch(1, Lsn.parse("0/2000000"), Lsn.parse("0/5000000"), before),
                new LogCopyRepository.Stretch(1, Lsn.parse("0/7000000"), Lsn.parse("0/9000000"), last));
        assertEquals(Optional.of(last), covered(catalogued, 1, "0/9000000"));
        assertEquals(Optional.of(before), covered(catalogued, 1, "0/8FFFFFF"));
        assertEquals(Optional.empty(), covered(catalogued, 1, "0/4FFFFFF"));
        assertEquals(Optional.empty(), covered(catalogued, 2, "0/9000000"));
    }

    private static Optional<Instant> covered(List<LogCopyRepository.Stretch> catalogued, int timeline, String end) {
        return LogCopyRepository.Stretch.covered(catalogued, timeline, Lsn.parse(end));
    }
}
