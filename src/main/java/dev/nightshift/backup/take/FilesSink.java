package dev.nightshift.backup.take;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.ObjectSeries;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.BaseBackup;
import dev.nightshift.postgres.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Takes the files as they come, and starts the log's stream as soon as its first position is known. */
final class FilesSink implements BaseBackup.Sink, AutoCloseable {
    private final Lane files;
    private final Lane log;
    private final String slot;
    private final Manifest.Source source;
    private final BackupFolder folder;
    private final long partBytes;
    private final Duration silence;
    private final BackupProgress progress;
    private final Clock clock;
    private final List<StoredObject> stored = new ArrayList<>();
    private Instant sendingAt;
    private @Nullable ObjectSeries series;
    private @Nullable LogStream logStream;
    private long received;

    /** As the server counts them, before it compresses. */
    private long plain;

    private long estimated;

    FilesSink(
            Lane files,
            Lane log,
            String slot,
            Manifest.Source source,
            BackupFolder folder,
            BackupRequest.Options options,
            BackupProgress progress,
            Clock clock) {
        this.files = files;
        this.log = log;
        this.slot = slot;
        this.source = source;
        this.folder = folder;
        this.partBytes = options.partBytes();
        this.silence = options.silence();
        this.progress = progress;
        this.clock = clock;
        this.sendingAt = clock.now();
    }

    /** The log's stream; there is one as soon as the server announced where it begins. */
    LogStream log() {
        return Objects.requireNonNull(logStream, "the server announced its start");
    }

    /** When the server began to send. */
    Instant sendingAt() {
        return sendingAt;
    }

    /** Of the files, before any compression where the server counts them. */
    long bytesRead() {
        return Math.max(received, plain);
    }

    /** The objects that are complete, in the order in which they were sent. */
    List<StoredObject> stored() {
        return List.copyOf(stored);
    }

    @Override
    public void started(Lsn start, int timeline, List<BaseBackup.Tablespace> tablespaces) {
        if (timeline != source.timeline()) {
            throw new Failure.Fatal(
                    "The server was promoted to timeline " + timeline + " before the backup began.",
                    "Start the backup again.",
                    null);
        }
        sendingAt = clock.now();
        files.watchdog().expectWithin(silence);
        estimated = tablespaces.stream()
                .mapToLong(BaseBackup.Tablespace::estimatedBytes)
                .sum();
        progress.phase(BackupProgress.Phase.COPY);
        logStream = new LogStream(
                log.session(),
                slot,
                new WalReceiver(start, timeline, source.walSegmentBytes(), this::segment),
                timeline,
                files.session()::cancel);
    }

    private ObjectSeries segment(String name) {
        log.watchdog().expectWithin(silence);
        return folder.open(log.blocks(), StoredObject.Kind.WAL, name);
    }

    @Override
    public void archive(String name) {
        finishStream();
        series = folder.openArchive(files.blocks(), name, partBytes);
    }

    @Override
    public void manifest() {
        finishStream();
        series = folder.open(files.blocks(), StoredObject.Kind.SERVER_MANIFEST, "backup_manifest");
    }

    /** Completes the stream that came last. */
    void finishStream() {
        if (series != null) {
            stored.addAll(series.finish());
            series = null;
        }
    }

    @Override
    public void data(InputStream in, int length) throws IOException {
        received += length;
        Objects.requireNonNull(series, "an archive was announced").fill(in, length);
    }

    @Override
    public void progress(long bytes) {
        plain = bytes;
        progress.bytes(bytes, Math.max(bytes, estimated));
    }

    /** Throws what broke the log's stream, if it is broken. */
    void throwLogFailure() {
        if (logStream != null) {
            logStream.throwFailure();
        }
    }

    @Override
    public void close() {
        if (logStream != null) {
            logStream.close();
        }
        if (series != null) {
            series.close();
        }
    }
}
