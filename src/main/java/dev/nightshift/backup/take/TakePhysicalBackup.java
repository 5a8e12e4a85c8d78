package dev.nightshift.backup.take;

import dev.nightshift.backup.evidence.Budget;
import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.evidence.EvidenceText;
import dev.nightshift.backup.evidence.Witness;
import dev.nightshift.backup.stored.AesGcm;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.BlockPipeline;
import dev.nightshift.backup.stored.Leftovers;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.BaseBackup;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.NotIncremental;
import dev.nightshift.postgres.ReplicationSession;
import dev.nightshift.postgres.RestorePoint;
import dev.nightshift.postgres.Retries;
import dev.nightshift.postgres.SystemIdentity;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a physical backup: two walsenders, one for the files, one for the log that is written meanwhile. The
 * log is taken up to a restore point after the last file, so that there is a position to recover to and compare at. The
 * manifest is stored last: until then there is no backup. Use an object once.
 */
public final class TakePhysicalBackup {
    private static final int BLOCK_BYTES = 1 << 20;

    /** A server that writes little sends little at once. */
    private static final int WAL_BLOCK_BYTES = 256 << 10;

    private static final Duration FOR_EVER = Duration.ofDays(3650);

    /** A server that switched segments sends the rest at once; one that does not will not. */
    private static final Duration SEGMENT_PATIENCE = Duration.ofSeconds(30);

    /** After which the restore point is not tried again: until then the source keeps its log for us. */
    private static final Duration MARK_PATIENCE = Duration.ofMinutes(2);

    /** A server that refuses in this many databases refuses in all. */
    private static final int MOST_MARKED = 8;

    private final Clock clock;
    private final BackupRequest request;
    private final BackupProgress progress;
    private final BackupFolder folder;
    private final @Nullable Witness witness;
    private final AtomicReference<@Nullable ReplicationSession> files = new AtomicReference<>();
    private final AtomicReference<@Nullable ReplicationSession> log = new AtomicReference<>();
    private volatile boolean cancelled;
    private Runnable beforeFull = () -> {};
    private volatile @Nullable TruncationGuard guard;
    /** What is left of what was asked for. */
    private Increment increment;

    public TakePhysicalBackup(
            Store store, ProjectKeys keys, Clock clock, BackupRequest request, BackupProgress progress) {
        this.clock = clock;
        this.request = request;
        this.increment = request.increment();
        this.progress = progress;
        this.folder = new BackupFolder(store, keys, request);
        Budget budget = request.options().evidence();
        this.witness = budget == null
                ? null
                : new Witness(request.endpoint(), request.databases(), budget, clock, progress::note);
    }

    /** Asked before a full backup is taken although changes were expected; what it throws ends the attempt. */
    public void beforeFull(Runnable question) {
        beforeFull = question;
    }

    /** Stops the attempt from another thread; {@link #run} then throws and leaves no backup. */
    public void cancel() {
        cancelled = true;
        if (witness != null) {
            witness.cancel();
        }
        TruncationGuard reading = guard;
        if (reading != null) {
            reading.cancel();
        }
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
     * @throws Failure.Skippable if the server refuses, is older than 15, or cannot take this kind
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

    private void discard() {
        try {
            folder.discard();
        } catch (Failure e) {
            progress.note("What was stored of the interrupted backup could not be deleted: " + e.getMessage());
        }
    }

    private Manifest connect() {
        BackupRequest.Options options = request.options();
        try (ReplicationSession logSession = ReplicationSession.open(request.endpoint());
                ReplicationSession fileSession = ReplicationSession.open(request.endpoint());
                Watchdog ofFiles = new Watchdog(fileSession, options.checkpointPatience());
                Watchdog ofLog = new Watchdog(logSession, FOR_EVER);
                BlockPipeline blocks = new BlockPipeline("files", BLOCK_BYTES, options.threads(), options.level());
                BlockPipeline logBlocks = new BlockPipeline("log", WAL_BLOCK_BYTES, 1, options.level())) {
            this.files.set(fileSession);
            this.log.set(logSession);
            stopIfCancelled();
            try {
                return take(new Lane(fileSession, ofFiles, blocks), new Lane(logSession, ofLog, logBlocks));
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

    private Manifest take(Lane fileLane, Lane logLane) {
        Instant startedAt = clock.now();
        ReplicationSession fileSession = fileLane.session();
        ReplicationSession logSession = logLane.session();
        SystemIdentity identity = OneCluster.require(request, logSession, fileSession);
        Manifest.Source source = new Manifest.Source(
                identity.systemIdentifier(),
                identity.timeline(),
                logSession.version(),
                logSession.major(),
                logSession.walSegmentBytes());
        boolean checksums = logSession.show("data_checksums").equals("on");
        request.increment().require(logSession);
        increment = request.increment().on(logSession, identity.timeline(), checksums);
        String slot = "nightshift_" + request.backup().toString().replace('-', '_');
        logSession.createTemporarySlot(slot);
        if (logSession.show("in_hot_standby").equals("on")) {
            progress.note("The server is a standby, and nothing can be written to its log: the backup holds what it has"
                    + " replayed when the files are copied, ends without a restore point, and has no evidence of rows."
                    + " Back up the primary for a proof that rows match.");
        }
        lookBefore(slot);
        if (identity.timeline() > 1) {
            ReplicationSession.HistoryFile history = logSession.timelineHistory(identity.timeline());
            folder.save(
                    logLane.blocks(),
                    StoredObject.Kind.WAL,
                    "wal/" + history.name(),
                    history.text().getBytes(StandardCharsets.UTF_8));
        }
        for (var file : new TreeMap<>(request.settings()).entrySet()) {
            folder.save(logLane.blocks(), StoredObject.Kind.SETTINGS, "settings/" + file.getKey(), file.getValue());
        }
        progress.phase(BackupProgress.Phase.CHECKPOINT);
        try (FilesSink sink =
                new FilesSink(fileLane, logLane, slot, source, folder, request.options(), progress, clock)) {
            BaseBackup.Outcome outcome = copy(fileLane, sink);
            fileSession.close();
            Instant copiedAt = clock.now();
            Manifest.Position position = finishLog(outcome, sink.log(), source.walSegmentBytes());
            folder.add(sink.stored());
            folder.add(sink.log().receiver().stored());
            testify(position, logLane);
            return seal(startedAt, copiedAt, source, checksums, outcome, position, sink);
        }
    }

    /** A full one that has to be taken anyway is better begun before the server's checkpoint for the changes than after. */
    private void lookBefore(String slot) {
        Increment.Base base = increment.base();
        if (base == null) {
            return;
        }
        var looking = new TruncationGuard(request.endpoint(), base, slot, progress::note, this::stopIfCancelled);
        guard = looking;
        try {
            looking.lookBefore();
        } catch (NotIncremental e) {
            increment = increment.untold(base, e.getMessage());
        }
    }

    private BaseBackup.Outcome copy(Lane lane, FilesSink sink) {
        BackupRequest.Options options = request.options();
        try {
            BaseBackup.Outcome outcome = send(
                    lane.session(),
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
            throw lane.watchdog().explain(e);
        }
    }

    /** The changes, or where the server cannot tell them a full one. */
    private BaseBackup.Outcome send(ReplicationSession session, BaseBackup how, FilesSink sink) {
        Increment.Base base = increment.base();
        TruncationGuard looking = guard;
        if (base != null && looking != null) {
            try {
                return session.incrementalBackup(base.list().get(), how, sink, looking);
            } catch (NotIncremental e) {
                increment = increment.untold(base, e.getMessage());
            }
        }
        if (increment.fullBecause() != null) {
            beforeFull.run();
            progress.note("A full backup is taken instead of one that is "
                    + increment.kind().word() + ", because " + increment.fullBecause() + ".");
        }
        return session.baseBackup(how, sink);
    }

    /** What the rows were, as far as the log that is stored reaches it. */
    private void testify(Manifest.Position position, Lane lane) {
        Witness after = witness;
        if (after == null) {
            return;
        }
        if (position.restorePoint() == null) {
            progress.note(
                    "The evidence of rows is left out: without a restore point the log need not reach its position.");
            return;
        }
        progress.phase(BackupProgress.Phase.EVIDENCE);
        after.after(this::stopIfCancelled);
        int number = 0;
        for (Evidence evidence : after.evidence()) {
            folder.save(
                    lane.blocks(),
                    StoredObject.Kind.EVIDENCE,
                    "evidence/" + ++number + ".json",
                    EvidenceText.bytes(evidence));
            progress.note("Evidence of " + evidence.measured().size() + " tables and sequences was taken in database "
                    + evidence.database() + (evidence.position() == null ? "" : " at " + evidence.position()) + "; "
                    + evidence.uncovered().size() + " are not covered.");
        }
    }

    /** Brings the stored log to a restore point, or where the role may not create one to the stop position. */
    private Manifest.Position finishLog(BaseBackup.Outcome outcome, LogStream stream, int segment) {
        WalReceiver receiver = stream.receiver();
        Runnable goOn = () -> {
            stopIfCancelled();
            stream.throwFailure();
        };
        Witness before = witness;
        // Without a restore point the evidence would be thrown away
        if (before != null && mayMark().stream().anyMatch(RestorePoint::isPossible)) {
            progress.phase(BackupProgress.Phase.EVIDENCE);
            before.before(goOn);
        }
        progress.phase(BackupProgress.Phase.LOG);
        LogMark point = LogMark.make(
                mayMark(),
                "nightshift_" + request.backup(),
                new Retries(Retries.STANDARD, MARK_PATIENCE, progress::note, goOn));
        Lsn made = point.position();
        Lsn expected = made == null ? outcome.stop() : made;
        if (point.refusal() != null) {
            progress.note("The expected position is " + expected + " without a full restore point: " + point.refusal());
        }
        receiver.stopAt(point.switched() ? expected.segmentEnd(segment) : expected);
        if (!stream.await(
                point.switched() ? SEGMENT_PATIENCE : request.options().silence())) {
            receiver.stopAt(expected);
            if (!stream.await(request.options().silence())) {
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
                outcome.start(), outcome.stop(), expected, point.name(), point.refusal(), receiver.end());
    }

    private List<Endpoint> mayMark() {
        return Stream.concat(
                        request.databases().stream().limit(MOST_MARKED),
                        Stream.of(request.endpoint().database()))
                .distinct()
                .map(request.endpoint()::withDatabase)
                .toList();
    }

    private Manifest seal(
            Instant startedAt,
            Instant copiedAt,
            Manifest.Source source,
            boolean checksums,
            BaseBackup.Outcome outcome,
            Manifest.Position position,
            FilesSink sink) {
        stopIfCancelled();
        Instant finishedAt = clock.now();
        Manifest manifest = new Manifest(
                increment.lineage().version(),
                request.project(),
                request.projectName(),
                request.instanceName(),
                request.backup(),
                increment.lineage(),
                startedAt,
                finishedAt,
                source,
                position,
                new Manifest.Checksums(checksums, outcome.checksumFailures(), outcome.warnings()),
                tablespaces(outcome.tablespaces()),
                new Manifest.Figures(
                        sink.bytesRead(),
                        folder.bytes(),
                        Duration.between(startedAt, sink.sendingAt()),
                        Duration.between(sink.sendingAt(), copiedAt),
                        Duration.between(copiedAt, finishedAt)),
                folder.key(),
                folder.objects());
        folder.complete(manifest);
        return manifest;
    }

    /** Those beside the data folder, as the server announced them. */
    private static List<Manifest.Tablespace> tablespaces(List<BaseBackup.Tablespace> announced) {
        return announced.stream()
                .filter(tablespace -> tablespace.oid() != null)
                .map(tablespace -> new Manifest.Tablespace(
                        Objects.requireNonNull(tablespace.oid()),
                        Objects.requireNonNull(tablespace.location()),
                        tablespace.estimatedBytes()))
                .toList();
    }
}
