package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.postgres.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Several archives of one log as one: what any of them holds is stored. Each has to hold the same bytes where two overlap, so
 * what a server sent after it was set back to an earlier state must not be joined with what it sent before.
 */
public final class JoinedLog implements ArchivedLog {
    private final List<ArchivedLog> logs;
    private final List<List<Stretch>> held;

    /**
     * Lists them.
     *
     * @param logs with segments of one size; of two that hold as much of a segment the first is read
     */
    public JoinedLog(List<ArchivedLog> logs) {
        if (logs.stream().map(ArchivedLog::segmentBytes).distinct().count() != 1) {
            throw new IllegalArgumentException("Logs are joined segment by segment: each of the same size.");
        }
        this.logs = List.copyOf(logs);
        this.held = logs.stream().map(ArchivedLog::stretches).toList();
    }

    @Override
    public int segmentBytes() {
        return logs.get(0).segmentBytes();
    }

    @Override
    public List<Stretch> stretches() {
        List<Stretch> all = new ArrayList<>();
        for (Stretch next : held.stream()
                .flatMap(List::stream)
                .sorted(Comparator.comparingInt(Stretch::timeline).thenComparing(Stretch::from))
                .toList()) {
            Stretch last = all.isEmpty() ? null : all.get(all.size() - 1);
            if (last != null
                    && last.timeline() == next.timeline()
                    && next.from().compareTo(last.to()) <= 0) {
                Lsn to = next.to().compareTo(last.to()) > 0 ? next.to() : last.to();
                all.set(all.size() - 1, new Stretch(last.timeline(), last.from(), to));
            } else {
                all.add(next);
            }
        }
        return all;
    }

    @Override
    public Set<Integer> timelinesWithHistory() {
        return logs.stream().flatMap(log -> log.timelinesWithHistory().stream()).collect(Collectors.toSet());
    }

    @Override
    public Optional<String> history(int timeline) {
        return logs.stream().flatMap(log -> log.history(timeline).stream()).findFirst();
    }

    @Override
    public Optional<Instant> covered(int timeline, Lsn end) {
        return logs.stream().flatMap(log -> log.covered(timeline, end).stream()).max(Comparator.naturalOrder());
    }

    @Override
    public InputStream open(int timeline, Lsn start) throws IOException {
        ArchivedLog best = null;
        Lsn most = start;
        for (int at = 0; at < logs.size(); at++) {
            Lsn to = storedTo(held.get(at), timeline, start);
            if (to != null && to.compareTo(most) > 0) {
                best = logs.get(at);
                most = to;
            }
        }
        if (best == null) {
            throw new DamageException(
                    "The segment " + start.segmentName(timeline, segmentBytes()) + " is not stored in any archive");
        }
        return best.open(timeline, start);
    }

    /** Within this segment. */
    private @Nullable Lsn storedTo(List<Stretch> stretches, int timeline, Lsn start) {
        Lsn end = start.plus(segmentBytes());
        return stretches.stream()
                .filter(each -> each.timeline() == timeline && each.from().compareTo(start) <= 0)
                .map(each -> each.to().compareTo(end) < 0 ? each.to() : end)
                .max(Comparator.naturalOrder())
                .orElse(null);
    }
}
