package dev.nightshift.backup;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.BaseBackup;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.ReplicationSession;
import dev.nightshift.postgres.RestorePoint;
import dev.nightshift.postgres.SystemIdentity;
import dev.nightshift.vault.DataKey;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a full physical backup: two walsenders, one for the files, one for the log that is written meanwhile. The
 * log is taken up to a restore point after the last file, so that there is a position to recover to and compare at. The
 * manifest is stored last: until then there is no backup. Use an object once.
 */
public final class TakeFullBackup {
    private static final int BLOCK_BYTES = 4 << 20;
    private static final int WAL_BLOCK_BYTES = 1 << 20;
    private static final Duration FOR_EVER = Duration.ofDays(3650);

    /** A server that switched segments sends the rest at once; one that does not will not. */
    private static final Duration SEGMENT_PATIENCE = Duration.ofSeconds(30);

    private final Store store;
    private final ProjectKeys keys;
    private final Clock clock;
    private final FullBackupRequest request;
    private final BackupProgress progress;
    private final DataKey dataKey;
    private final ObjectContext context;
    private final String folder;
    private final List<StoredObject> objects = new ArrayList<>();
    private final AtomicReference<@Nullable ReplicationSession> files = new AtomicReference<>();
    private final AtomicReference<@Nullable ReplicationSession> log = new AtomicReference<>();
    private volatile boolean cancelled;
    private volatile boolean sending;
    private volatile boolean logFlows;

    public TakeFullBackup(
            Store store, ProjectKeys keys, Clock clock, FullBackupRequest request, BackupProgress progress) {
        this.store = store;
        this.keys = keys;
        this.clock = clock;
        this.request = request;
        this.progress = progress;
        this.dataKey = keys.newDataKey();
        this.context = new ObjectContext(request.project(), request.backup(), dataKey);
        this.folder = request.folder() + "/";
        if (!keys.project().equals(request.project())) {
            throw new IllegalArgumentException("The keys are of another project.");
        }
    }

    /** Stops the attempt from another thread; {@link #run} then throws and leaves no backup. */
    public void cancel() {
        cancelled = true;
        for (var session : List.of(files, log)) {
            ReplicationSession open = session.get();
            if (open != null) {
                open.cancel();
            }
        }
    }

    /**
     * Takes the backup and stores it. Whatever is thrown, what was stored so far is deleted again, as far as the store
     * allows; the rest is found by {@link Leftovers}.
     *
     * @return the stored manifest
     * @throws CancellationException if {@link #cancel} was called
     * @throws Failure.Retryable if a connection or the store failed
     * @throws Failure.Skippable if the server refuses, or is older than 15
     * @throws Failure.Fatal if another cluster answers than before, it was promoted meanwhile, or the store is full
     */
    public Manifest run() {
        boolean done = false;
        try {
            AesGcm.warmUp();
            Manifest manifest = connect();
            done = true;
            return manifest;
        } finally {
            if (!done) {
                discard();
            }
        }
    }

    private void abandonFiles() {
        ReplicationSession session = files.get();
        if (session != null) {
            session.cancel();
        }
    }

    private void discard() {
        try {
            store.deleteFolder(request.folder());
        } catch (Failure e) {
            progress.note("What was stored of the interrupted backup could not be deleted: " + e.getMessage());
        }
    }

    private Manifest connect() {
        FullBackupRequest.Options options = request.options();
        try (ReplicationSession logSession = ReplicationSession.open(request.endpoint());
                ReplicationSession fileSession = ReplicationSession.open(request.endpoint());
                Watchdog ofFiles =
                        new Watchdog(fileSession, () -> sending ? options.silence() : options.checkpointPatience());
                Watchdog ofLog = new Watchdog(logSession, () -> logFlows ? options.silence() : FOR_EVER);
                BlockPipeline blocks = new BlockPipeline("files", BLOCK_BYTES, options.threads(), options.level());
                BlockPipeline logBlocks = new BlockPipeline("log", WAL_BLOCK_BYTES, 1, options.level())) {
            this.files.set(fileSession);
            this.log.set(logSession);
            stopIfCancelled();
            try {
                return take(fileSession, logSession, ofFiles, blocks, logBlocks);
            } catch (Failure | CancellationException e) {
                stopIfCancelled();
                throw ofLog.explain(e);
            }
        } finally {
            this.files.set(null);
            this.log.set(null);
        }
    }

    private void stopIfCancelled() {
        if (cancelled) {
            throw new CancellationException("The backup was cancelled.");
        }
    }

    private Manifest take(
            ReplicationSession fileSession,
            ReplicationSession logSession,
            Watchdog watchdog,
            BlockPipeline blocks,
            BlockPipeline logBlocks) {
        Instant startedAt = clock.now();
        SystemIdentity identity = OneCluster.require(request, logSession, fileSession);
        Manifest.Source source = new Manifest.Source(
                identity.systemIdentifier(),
                identity.timeline(),
                logSession.version(),
                logSession.major(),
                logSession.walSegmentBytes());
        boolean checksums = logSession.show("data_checksums").equals("on");
        String slot = "nightshift_" + request.backup().toString().replace('-', '_');
        logSession.createTemporarySlot(slot);
        if (identity.timeline() > 1) {
            ReplicationSession.HistoryFile history = logSession.timelineHistory(identity.timeline());
            save(
                    logBlocks,
                    StoredObject.Kind.WAL,
                    "wal/" + history.name(),
                    history.text().getBytes(StandardCharsets.UTF_8));
        }
        for (var file : new TreeMap<>(request.settings()).entrySet()) {
            save(logBlocks, StoredObject.Kind.SETTINGS, "settings/" + file.getKey(), file.getValue());
        }
        progress.phase(BackupProgress.Phase.CHECKPOINT);
        try (Files sink = new Files(blocks, logBlocks, logSession, slot, source)) {
            BaseBackup.Outcome outcome = copy(fileSession, sink, watchdog);
            fileSession.close();
            Instant copiedAt = clock.now();
            progress.phase(BackupProgress.Phase.LOG);
            Manifest.Position position = finishLog(outcome, sink);
            objects.addAll(sink.stored);
            objects.addAll(sink.log().receiver().stored());
            return seal(startedAt, copiedAt, source, checksums, outcome, position, sink);
        }
    }

    private BaseBackup.Outcome copy(ReplicationSession session, Files sink, Watchdog watchdog) {
        FullBackupRequest.Options options = request.options();
        try {
            BaseBackup.Outcome outcome = session.baseBackup(
                    new BaseBackup(
                            "nightshift " + request.backup(),
                            options.fastCheckpoint(),
                            options.maxRateKilobytes(),
                            options.compressOnServer()),
                    sink);
            sink.finishStream();
            return outcome;
        } catch (Failure | CancellationException e) {
            stopIfCancelled();
            sink.throwLogFailure();
            throw watchdog.explain(e);
        }
    }

    /** Brings the stored log to a restore point, or where the role may not create one to the stop position. */
    private Manifest.Position finishLog(BaseBackup.Outcome outcome, Files sink) {
        WalReceiver receiver = sink.log().receiver();
        String name = "nightshift_" + request.backup();
        RestorePoint point = RestorePoint.create(request.endpoint(), name);
        Lsn made = point.position();
        Lsn expected = made == null ? outcome.stop() : made;
        if (point.refusal() != null) {
            progress.note("The expected position is " + expected + " without a full restore point: " + point.refusal());
        }
        int segment = sink.source.walSegmentBytes();
        receiver.stopAt(point.switched() ? expected.segmentEnd(segment) : expected);
        if (!sink.log()
                .await(point.switched() ? SEGMENT_PATIENCE : request.options().silence())) {
            receiver.stopAt(expected);
            if (!sink.log().await(request.options().silence())) {
                throw new Failure.Retryable(
                        "The server's log was not received up to " + expected + ", only up to " + receiver.flushed()
                                + ".",
                        "Look at the server's log and at the network.",
                        null);
            }
        }
        try {
            receiver.pad();
        } catch (IOException e) {
            throw new Failure.Fatal("The last segment of the log could not be completed.", null, e);
        }
        return new Manifest.Position(
                outcome.start(), outcome.stop(), expected, made == null ? null : name, point.refusal(), receiver.end());
    }

    private Manifest seal(
            Instant startedAt,
            Instant copiedAt,
            Manifest.Source source,
            boolean checksums,
            BaseBackup.Outcome outcome,
            Manifest.Position position,
            Files sink) {
        stopIfCancelled();
        Instant finishedAt = clock.now();
        Manifest manifest = new Manifest(
                Manifest.CURRENT_VERSION,
                request.project(),
                request.projectName(),
                request.instanceName(),
                request.backup(),
                Manifest.FULL,
                startedAt,
                finishedAt,
                source,
                position,
                new Manifest.Checksums(checksums, outcome.checksumFailures(), outcome.warnings()),
                Manifest.Tablespace.of(outcome.tablespaces()),
                new Manifest.Figures(
                        Math.max(sink.received, sink.plain),
                        objects.stream().mapToLong(StoredObject::bytes).sum(),
                        Duration.between(startedAt, sink.sendingAt),
                        Duration.between(sink.sendingAt, copiedAt),
                        Duration.between(copiedAt, finishedAt)),
                keys.wrap(dataKey, request.backup()),
                objects);
        byte[] text = ManifestText.write(manifest, dataKey);
        try (Store.Upload upload = store.create(folder + Manifest.NAME)) {
            upload.write(text, 0, text.length);
            upload.commit();
        }
        return manifest;
    }

    private void save(BlockPipeline pipeline, StoredObject.Kind kind, String name, byte[] content) {
        try (ObjectSeries series = new ObjectSeries(pipeline, context, store, folder, kind, name, true, 0)) {
            series.write(content);
            objects.addAll(series.finish());
        }
    }

    /** Takes the files as they come, and starts the log's stream as soon as its first position is known. */
    private final class Files implements BaseBackup.Sink, AutoCloseable {
        private final BlockPipeline blocks;
        private final BlockPipeline logBlocks;
        private final ReplicationSession logSession;
        private final String slot;
        private final Manifest.Source source;
        private final List<StoredObject> stored = new ArrayList<>();
        private Instant sendingAt = clock.now();
        private @Nullable ObjectSeries series;
        private @Nullable LogStream logStream;
        private long received;

        /** As the server counts them, before it compresses. */
        private long plain;

        private long estimated;

        Files(
                BlockPipeline blocks,
                BlockPipeline logBlocks,
                ReplicationSession logSession,
                String slot,
                Manifest.Source source) {
            this.blocks = blocks;
            this.logBlocks = logBlocks;
            this.logSession = logSession;
            this.slot = slot;
            this.source = source;
        }

        LogStream log() {
            return Objects.requireNonNull(logStream, "the server announced its start");
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
            sending = true;
            estimated = tablespaces.stream()
                    .mapToLong(BaseBackup.Tablespace::estimatedBytes)
                    .sum();
            progress.phase(BackupProgress.Phase.COPY);
            logStream = new LogStream(
                    logSession,
                    slot,
                    new WalReceiver(start, timeline, source.walSegmentBytes(), this::segment),
                    timeline,
                    TakeFullBackup.this::abandonFiles);
        }

        private ObjectSeries segment(String name) {
            logFlows = true;
            return new ObjectSeries(logBlocks, context, store, folder, StoredObject.Kind.WAL, name, true, 0);
        }

        @Override
        public void archive(String name) {
            finishStream();
            boolean compressed = name.endsWith(".zst");
            series = new ObjectSeries(
                    blocks,
                    context,
                    store,
                    folder,
                    StoredObject.Kind.ARCHIVE,
                    name,
                    !compressed,
                    request.options().partBytes());
        }

        @Override
        public void manifest() {
            finishStream();
            series = new ObjectSeries(
                    blocks, context, store, folder, StoredObject.Kind.SERVER_MANIFEST, "backup_manifest", true, 0);
        }

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

        void throwLogFailure() {
            stopIfCancelled();
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
}
