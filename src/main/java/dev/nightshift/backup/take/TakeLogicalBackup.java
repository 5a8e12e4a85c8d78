package dev.nightshift.backup.take;

import dev.nightshift.backup.evidence.Budget;
import dev.nightshift.backup.evidence.DumpWitness;
import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.evidence.EvidenceText;
import dev.nightshift.backup.stored.AesGcm;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.BlockPipeline;
import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.backup.stored.Leftovers;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.ObjectSeries;
import dev.nightshift.backup.stored.RateLimit;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Snapshot;
import dev.nightshift.postgres.SqlFailure;
import dev.nightshift.postgres.ToolLogin;
import dev.nightshift.vault.ProjectKeys;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CancellationException;
import java.util.concurrent.atomic.AtomicReference;
import java.util.function.IntConsumer;
import org.jspecify.annotations.Nullable;

/**
 * One attempt at a logical backup of one database. A session of ours exports a snapshot; pg_dump reads that, what it writes is
 * compressed and encrypted as it comes, and the rows are measured in the same snapshot. The manifest is stored last: until
 * then there is no backup. Use an object once.
 */
public final class TakeLogicalBackup {
    private static final int BLOCK_BYTES = 1 << 20;
    private static final int LEVEL = 1;

    /** Of one statement in the snapshot where no rows are measured. */
    private static final Duration ANSWER = Duration.ofMinutes(5);

    private final Clock clock;
    private final DumpRequest request;
    private final BackupProgress progress;
    private final BackupFolder folder;
    private final AtomicReference<@Nullable Snapshot> open = new AtomicReference<>();
    private final AtomicReference<@Nullable DumpProgram> running = new AtomicReference<>();
    private volatile boolean cancelled;

    public TakeLogicalBackup(Store store, ProjectKeys keys, Clock clock, DumpRequest request, BackupProgress progress) {
        this.clock = clock;
        this.request = request;
        this.progress = progress;
        this.folder = new BackupFolder(store, keys, request.project(), request.backup(), request.folder());
    }

    /** Stops the attempt from another thread; {@link #run} then throws and leaves no backup. */
    public void cancel() {
        cancelled = true;
        DumpProgram program = running.get();
        if (program != null) {
            program.kill();
        }
        Snapshot snapshot = open.get();
        if (snapshot != null) {
            try {
                snapshot.cancel();
            } catch (SQLException e) {
                progress.note("What measures the rows could not be cancelled: " + SqlFailure.words(e));
            }
        }
    }

    /**
     * Takes the backup and stores it. Whatever is thrown, what was stored so far is deleted again, as far as the store
     * allows; the rest is found by {@link Leftovers}.
     *
     * @return the stored manifest
     * @throws CancellationException if {@link #cancel} was called
     * @throws Failure.Retryable if the connection, pg_dump or the store failed
     * @throws Failure.Skippable if the role may not read everything, or what was chosen is not there
     * @throws Failure.Fatal if another cluster answers than before, or the store is full
     */
    public Manifest run() {
        boolean done = false;
        try {
            AesGcm.warmUp();
            Manifest manifest = take();
            done = true;
            return manifest;
        } catch (Failure e) {
            stopIfCancelled();
            throw e;
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

    private void stopIfCancelled() {
        if (cancelled) {
            throw new CancellationException("The backup was cancelled.");
        }
    }

    private Manifest take() {
        Endpoint endpoint = request.endpoint();
        Budget budget = request.evidence();
        String session = "nightshift_" + request.backup().toString().replace('-', '_');
        int threads = Math.max(1, Math.min(4, Runtime.getRuntime().availableProcessors()));
        try (Snapshot snapshot = Snapshot.now(endpoint, session, budget == null ? ANSWER : budget.perDatabase());
                ToolLogin login = ToolLogin.of(endpoint);
                BlockPipeline blocks = new BlockPipeline("dump", BLOCK_BYTES, threads, LEVEL)) {
            open.set(snapshot);
            stopIfCancelled();
            return take(snapshot, login, blocks, clock.now());
        } catch (SQLException e) {
            stopIfCancelled();
            throw SqlFailure.of("The logical backup of " + request.database() + " on " + endpoint, e);
        } finally {
            open.set(null);
        }
    }

    private Manifest take(Snapshot snapshot, ToolLogin login, BlockPipeline blocks, Instant startedAt)
            throws SQLException {
        Connection connection = snapshot.connection();
        pin(connection);
        String name = snapshot.export();
        DumpSource.Where where = new DumpSource(connection).where();
        requireSame(where.source());
        DumpChoice choice = DumpChoice.of(connection, request.selection());
        DumpSelection carried = choice.carried();
        folder.save(blocks, StoredObject.Kind.SETTINGS, "settings/" + Manifest.Dump.ROLES, choice.database());
        Rows rows = rows(snapshot, carried);
        Instant begunAt = clock.now();
        progress.phase(BackupProgress.Phase.COPY);
        long bytes;
        try {
            bytes = dump(login, blocks, choice.arguments(request.kind(), name, 0), rows);
        } catch (RuntimeException e) {
            cancelQuietly(snapshot, e); // what measures rows would hold it open
            throw e;
        }
        Instant copiedAt = clock.now();
        progress.phase(BackupProgress.Phase.EVIDENCE);
        Evidence evidence = rows.finish();
        if (evidence != null) {
            folder.save(blocks, StoredObject.Kind.EVIDENCE, "evidence/1.json", EvidenceText.bytes(evidence));
            progress.note("Evidence of " + evidence.measured().size() + " tables and sequences was taken in database "
                    + request.database() + ", in pg_dump's own snapshot; "
                    + evidence.uncovered().size() + " are not covered.");
        }
        leave(snapshot);
        stopIfCancelled();
        return seal(startedAt, begunAt, copiedAt, where, carried, bytes);
    }

    private static void cancelQuietly(Snapshot snapshot, RuntimeException because) {
        try {
            snapshot.cancel();
        } catch (SQLException e) {
            because.addSuppressed(e);
        }
    }

    /** All is read: however its session ends, what was dumped is whole. */
    private void leave(Snapshot snapshot) {
        open.set(null);
        try {
            snapshot.close();
        } catch (SQLException e) {
            progress.note("The session that exported the snapshot of " + request.database()
                    + " broke; the dump is whole: " + SqlFailure.words(e));
        }
    }

    private long dump(ToolLogin login, BlockPipeline blocks, List<String> arguments, Rows rows) {
        try (ObjectSeries series = folder.openDump(blocks, Manifest.Dump.STREAM, request.partBytes());
                DumpProgram program = new DumpProgram(request, login, arguments, progress)) {
            running.set(program);
            stopIfCancelled();
            program.store(series, rows::start, pace());
            folder.add(series.finish());
            return program.bytes();
        } finally {
            running.set(null);
        }
    }

    /** pg_dump has no limit of its own: while what it wrote is not read it waits, and the server with it. */
    private IntConsumer pace() {
        if (request.maxRateKilobytes() == 0) {
            return count -> {};
        }
        RateLimit limit = new RateLimit(request.maxRateKilobytes());
        return count -> limit.take(count, this::stopIfCancelled);
    }

    /** Before anything is asked: a database's own search_path may put functions of its owner before the server's. */
    private static void pin(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("set local search_path = pg_catalog");
        }
    }

    private void requireSame(Manifest.Source source) {
        if (!source.systemIdentifier().equals(request.systemIdentifier())) {
            throw new Failure.Fatal(
                    "Another cluster answers now: its system identifier is " + source.systemIdentifier() + ", not "
                            + request.systemIdentifier() + ".",
                    "Look where the host's name leads.",
                    null);
        }
    }

    private Rows rows(Snapshot snapshot, DumpSelection selection) throws SQLException {
        Budget budget = request.evidence();
        if (budget == null || !request.hasRows()) {
            return new Rows(null);
        }
        return new Rows(new DumpWitness(
                snapshot.connection(),
                selection::holds,
                selection.byTable(),
                selection.largeObjects(),
                budget,
                clock,
                this::stopIfCancelled));
    }

    /** The measuring of rows beside pg_dump, which holds its locks on the tables meanwhile. Evidence never fails a backup. */
    private final class Rows {
        private final @Nullable DumpWitness witness;
        private final AtomicReference<@Nullable Evidence> evidence = new AtomicReference<>();
        private @Nullable Thread thread;

        Rows(@Nullable DumpWitness witness) {
            this.witness = witness;
        }

        void start() {
            DumpWitness measuring = witness;
            if (measuring != null) {
                Thread started = BlockPipeline.thread(() -> measure(measuring), "evidence");
                started.start();
                thread = started;
            }
        }

        private void measure(DumpWitness measuring) {
            try {
                evidence.set(measuring.measure(request.endpoint().database()));
            } catch (SQLException e) {
                if (!cancelled) {
                    progress.note("No evidence of rows was taken in database " + request.database() + ": "
                            + SqlFailure.words(e) + ".");
                }
            } catch (CancellationException e) {
                evidence.set(null);
            }
        }

        @Nullable
        Evidence finish() {
            Thread started = thread;
            if (started == null) {
                return null;
            }
            try {
                started.join();
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                cancel();
                throw new CancellationException("The backup was interrupted.");
            }
            Evidence taken = evidence.get();
            if (taken == null) {
                return null;
            }
            try {
                return Objects.requireNonNull(witness).confirmed(taken);
            } catch (SQLException e) {
                stopIfCancelled();
                progress.note("The session that measured database " + request.database()
                        + " broke, so that nothing is known of its sequences: " + SqlFailure.words(e));
                return DumpWitness.withoutSequences(taken);
            }
        }
    }

    private Manifest seal(
            Instant startedAt,
            Instant begunAt,
            Instant copiedAt,
            DumpSource.Where where,
            DumpSelection carried,
            long bytes) {
        Instant finishedAt = clock.now();
        var lineage = new Manifest.Lineage(request.kind(), null, null);
        var position = where.position();
        Manifest manifest = new Manifest(
                lineage.version(),
                request.project(),
                request.projectName(),
                request.instanceName(),
                request.backup(),
                lineage,
                startedAt,
                finishedAt,
                where.source(),
                new Manifest.Position(position, position, position, null, null, position),
                new Manifest.Checksums(false, false, List.of()),
                List.of(),
                new Manifest.Figures(
                        bytes,
                        folder.bytes(),
                        Duration.between(startedAt, begunAt),
                        Duration.between(begunAt, copiedAt),
                        Duration.between(copiedAt, finishedAt)),
                folder.key(),
                folder.objects(),
                new Manifest.Dump(
                        request.database(),
                        request.endpoint().database(),
                        request.tools().number(),
                        request.tools().major(),
                        request.selection(),
                        carried));
        folder.complete(manifest);
        return manifest;
    }
}
