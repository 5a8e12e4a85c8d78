package dev.nightshift.backup;

import dev.nightshift.backup.evidence.Budget;
import dev.nightshift.backup.evidence.DumpWitness;
import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.read.SavedDatabase;
import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.take.DumpChoice;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Identifier;
import dev.nightshift.postgres.ClientTools;
import dev.nightshift.postgres.Snapshot;
import dev.nightshift.postgres.ToolProcess;
import dev.nightshift.sandbox.Errand;
import dev.nightshift.sandbox.NotPossibleHere;
import dev.nightshift.sandbox.Sandbox;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Dumps what was chosen of one database of a recovered server in its sandbox, within its walls, and measures the rows in the
 * same snapshot. Use an object once.
 */
final class DumpInSandbox {
    /** SQLSTATE of a database that there is not. */
    private static final String MISSING = "3D000";

    private static final Duration LOOK = Duration.ofSeconds(1);

    /** The file is read again at once: the least that makes it about as small as the tables. */
    private static final int COMPRESSION = 1;

    /** Nobody else waits for this server. */
    private static final Budget BUDGET =
            new Budget(Duration.ofSeconds(1), Duration.ofHours(2), Duration.ofHours(2), 4L << 30, 1L << 30);

    private static final long SPARE = 256L << 20;

    private final TargetRun target;
    private final Sandbox sandbox;
    private final ClientTools tools;
    private final Clock clock;

    DumpInSandbox(TargetRun target, Sandbox sandbox, ClientTools tools, Clock clock) {
        this.target = target;
        this.sandbox = sandbox;
        this.tools = tools;
        this.clock = clock;
    }

    /**
     * What pg_dump wrote, while the sandbox is there.
     *
     * @param evidence what the rows are; null where none go along
     */
    record Dumped(
            Path file,
            long bytes,
            SavedDatabase saved,
            DumpSelection carried,
            DumpNeeds needs,
            @Nullable Evidence evidence)
            implements FillDatabase.Dump {
        @Override
        public InputStream open() throws IOException {
            if (!Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
                throw new IOException("the sandbox has no file " + file.getFileName());
            }
            return Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS);
        }
    }

    /**
     * Dumps.
     *
     * @param database as the server calls it
     * @throws Failure.Skippable if there is not what was chosen, naming it, or no room for the dump
     * @throws Failure.Fatal if pg_dump fails
     * @throws NotPossibleHere if this machine lacks something
     * @throws SQLException if the server went away
     */
    Dumped of(String database, DumpSelection selection, boolean rows) throws SQLException {
        try (Connection connection = open(database)) {
            DumpChoice choice = DumpChoice.of(connection, selection);
            List<DumpSelection.Table> sequences = new DumpedParts(connection, choice.carried()).sequences();
            if (!sequences.isEmpty()) {
                choice = choice.and(sequences);
                target.info("These sequences go along, since defaults take numbers from them: "
                        + sequences.stream().map(DumpSelection.Table::quoted).collect(Collectors.joining(", ")) + ".");
            }
            DumpedParts parts = new DumpedParts(connection, choice.carried());
            requireRoom(parts.bytes());
            LiveParts live = new LiveParts(connection);
            live.endPrepared().forEach(target::warn);
            if (choice.carried().largeObjects()) {
                live.told().forEach(target::warn);
            }
            for (String leftOut : parts.cut()) {
                target.warn(leftOut);
            }
            DumpNeeds needs = DumpNeeds.of(connection, choice.carried());
            List<String> unlogged = parts.unlogged();
            if (!unlogged.isEmpty() && rows) {
                target.warn("Unlogged tables are empty after every physical restore, these among them: "
                        + String.join(", ", unlogged) + ".");
            }
            connection.setTransactionIsolation(Connection.TRANSACTION_REPEATABLE_READ);
            connection.setReadOnly(true);
            connection.setAutoCommit(false);
            String snapshot = Snapshot.exported(connection);
            DumpWitness witness = rows ? witness(connection, choice.carried()) : null;
            Path file = dump(database, choice, needs, rows, snapshot);
            Evidence evidence = witness == null ? null : witness.measure(database);
            connection.rollback();
            return new Dumped(file, size(file), SavedDatabase.of(choice.database()), choice.carried(), needs, evidence);
        }
    }

    private Connection open(String database) throws SQLException {
        try {
            return sandbox.connect(database);
        } catch (SQLException e) {
            if (MISSING.equals(e.getSQLState())) {
                throw new Failure.Skippable(
                        "At this point the server had no database " + database + "; it had "
                                + DumpedParts.databases(sandbox) + ".",
                        "Name it as its server called it (database), or choose another point.",
                        e);
            }
            throw e;
        }
    }

    private DumpWitness witness(Connection connection, DumpSelection carried) throws SQLException {
        return new DumpWitness(
                connection,
                carried::holds,
                carried.byTable(),
                carried.largeObjects(),
                BUDGET,
                clock,
                target::throwIfStopped);
    }

    private void requireRoom(long bytes) {
        try {
            long free = Files.getFileStore(sandbox.folder().path()).getUsableSpace();
            if (free < 2 * bytes + SPARE) {
                throw new NotPossibleHere(
                        "What was chosen takes " + new Bytes(bytes) + ", and its dump may take twice that; free are "
                                + new Bytes(free) + ", which others use as well.",
                        "Make room where NIGHTSHIFT_DATA lies, or choose less at once.");
            }
        } catch (IOException e) {
            throw new Failure.Retryable("The sandbox's disk cannot be looked at: " + e.getMessage(), null, e);
        }
    }

    private Path dump(String database, DumpChoice choice, DumpNeeds needs, boolean rows, String snapshot) {
        Path file = sandbox.folder().output();
        List<String> arguments = new ArrayList<>(
                choice.arguments(rows ? Manifest.Kind.LOGICAL : Manifest.Kind.SCHEMA, snapshot, COMPRESSION));
        needs.extensions().forEach(name -> arguments.add("--extension=" + new Identifier(name).quoted()));
        arguments.add("--file=" + file);
        arguments.add("--dbname=" + sandbox.connectionString(database));
        Thread told = tell(file);
        Errand.Outcome outcome;
        try {
            outcome = sandbox.run(tools.dump(), arguments);
        } finally {
            told.interrupt();
        }
        target.throwIfStopped();
        if (outcome.code() != 0) {
            throw failed(database, outcome);
        }
        return file;
    }

    private RuntimeException failed(String database, Errand.Outcome outcome) {
        if (!sandbox.isRunning()) {
            return sandbox.whyEnded();
        }
        String reason = ToolProcess.reason("pg_dump", outcome.said());
        String told = "pg_dump " + tools.number() + " of database " + database + " failed: "
                + (reason.isEmpty() ? "it ended with exit code " + outcome.code() : reason) + ".";
        if (outcome.code() == -1 || outcome.code() > 128) {
            return new NotPossibleHere(
                    told, "Give sandboxes more time, memory and CPU time: NIGHTSHIFT_PROOF_… in the documentation.");
        }
        return Sandbox.lackIn(reason.isEmpty() ? outcome.said() : reason)
                .<RuntimeException>map(lack -> lack)
                .orElseGet(() -> new Failure.Fatal(told, null, null));
    }

    private static long size(Path file) {
        try {
            return Files.size(file);
        } catch (IOException e) {
            return 0;
        }
    }

    /** How much is written; how much it will be nobody knows. */
    private Thread tell(Path file) {
        Thread thread = new Thread(
                () -> {
                    try {
                        while (true) {
                            TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
                            target.progress(size(file), null, "bytes", null);
                        }
                    } catch (InterruptedException e) {
                        Thread.currentThread().interrupt();
                    }
                },
                "dump-progress-" + sandbox.id());
        thread.setDaemon(true);
        thread.start();
        return thread;
    }
}
