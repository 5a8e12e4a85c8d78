package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.BackupProgress;
import java.time.Duration;
import java.util.EnumMap;
import java.util.Map;
import java.util.Optional;

/** Hears a restore like another listener, which it tells, and knows how long its parts took and how much each was. */
public final class RestoreTimes implements BackupProgress {
    private final BackupProgress next;
    private final Map<Phase, Long> nanos = new EnumMap<>(Phase.class);
    private final Map<Phase, Long> read = new EnumMap<>(Phase.class);
    private Phase now = Phase.LOG;
    private long since;

    public RestoreTimes(BackupProgress next) {
        this.next = next;
        this.since = System.nanoTime();
    }

    /** What one part was, and how long it took. */
    public record Part(long bytes, Duration took) {}

    @Override
    public synchronized void phase(Phase phase) {
        end();
        now = phase;
        next.phase(phase);
    }

    @Override
    public synchronized void bytes(long done, long estimated) {
        read.put(now, done);
        next.bytes(done, estimated);
    }

    @Override
    public void note(String message) {
        next.note(message);
    }

    /** The last part ends here, with all that it took to put it on the disk. */
    public synchronized void end() {
        long moment = System.nanoTime();
        nanos.merge(now, moment - since, Long::sum);
        since = moment;
    }

    /** The backup's files, its own log included; bytes as {@link RestoreSize#read}. */
    public synchronized Optional<Part> files() {
        return part(Phase.FILES, nanos.getOrDefault(Phase.LOG, 0L));
    }

    /** The archived log, fetched and read record by record. */
    public synchronized Optional<Part> log() {
        return part(Phase.RECORDS, 0);
    }

    /** All of it so far. */
    public synchronized Duration all() {
        return Duration.ofNanos(
                nanos.values().stream().mapToLong(Long::longValue).sum());
    }

    private Optional<Part> part(Phase phase, long more) {
        Long took = nanos.get(phase);
        long bytes = read.getOrDefault(phase, 0L);
        return took == null || bytes == 0
                ? Optional.empty()
                : Optional.of(new Part(bytes, Duration.ofNanos(took + more)));
    }
}
