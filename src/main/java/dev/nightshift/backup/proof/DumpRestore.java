package dev.nightshift.backup.proof;

import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.evidence.EvidenceText;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.SavedDatabase;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.postgres.ClientTools;
import dev.nightshift.postgres.SqlFailure;
import dev.nightshift.postgres.ToolProcess;
import dev.nightshift.sandbox.Errand;
import dev.nightshift.sandbox.NotPossibleHere;
import dev.nightshift.sandbox.Preload;
import dev.nightshift.sandbox.Sandbox;
import dev.nightshift.sandbox.ServerSettings;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.CancellationException;
import java.util.concurrent.TimeUnit;
import java.util.function.Function;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Restores a logical backup by pg_restore into a fresh cluster in a sandbox, and compares the rows with the evidence. What
 * pg_restore has the server do is code out of the backup: both run within the walls. Use an object once.
 */
final class DumpRestore implements RestoreInSandbox {
    /** No role of a source is called like this. */
    private static final String SUPERUSER = "nightshift_sandbox";

    private static final Duration LOOK = Duration.ofMillis(100);
    private static final int CHUNK = 1 << 20;

    /** SQLSTATE of a locale that the server's machine does not have, or that does not fit the encoding. */
    private static final Set<String> NO_LOCALE = Set.of("22023", "42809", "42704", "0A000");

    private static final Pattern NOT_THERE = Pattern.compile("does not exist");

    /** Libpq's words, whose messages are C's in a sandbox, for a session that the server left. */
    private static final Pattern GONE = Pattern.compile("server closed the connection|terminating connection"
            + "|connection to server|no connection to the server|could not (?:receive|send) data|lost synchronization"
            + "|connection not open");

    private final BackupReader reader;
    private final Manifest.Dump dump;
    private final List<Path> programs;
    private final ProofWatch watch;
    private final Sandbox sandbox;
    private final List<String> notChecked = new ArrayList<>();
    private final List<Evidence> evidence;
    private final MatchRows match;
    private @Nullable Duration rto;

    DumpRestore(BackupReader reader, List<Path> programs, ProofOptions options, ProofWatch watch, Sandbox sandbox) {
        this.reader = reader;
        this.dump = Objects.requireNonNull(reader.manifest().dump());
        this.programs = programs;
        this.watch = watch;
        this.sandbox = sandbox;
        this.evidence = options.upTo() == ProofLevel.MATCHED
                ? reader.evidence().stream().map(EvidenceText::parse).toList()
                : List.of();
        this.match = new MatchRows(sandbox, watch, evidence);
    }

    @Override
    public MatchRows match() {
        return match;
    }

    @Override
    public @Nullable Duration rto() {
        return rto;
    }

    @Override
    public List<String> notChecked() {
        return notChecked;
    }

    @Override
    public ProofEvidence run(Binaries binaries) {
        Manifest manifest = reader.manifest();
        if (manifest.lineage().kind() == Manifest.Kind.DATA) {
            throw new NotPossibleHere(
                    "it holds rows without the definitions of their tables, which a restore needs too.",
                    "For a proof take a logical backup; this one is proven up to readable.");
        }
        long began = System.nanoTime();
        ClientTools tools = tools(manifest);
        SavedDatabase saved = SavedDatabase.of(reader);
        Path file = write();
        initialise(binaries);
        sandbox.start(binaries, new ServerSettings(manifest.source().major(), SUPERUSER, null, Preload.NONE), Map.of());
        try {
            prepare(saved);
            restore(tools, file);
            rto = Duration.ofNanos(System.nanoTime() - began);
            tellLimits(manifest, saved);
            for (Evidence each : evidence) {
                match.compare(each);
            }
            if (!evidence.isEmpty()) {
                notChecked.addAll(match.notCompared());
            }
            return measured(tools);
        } catch (SQLException e) {
            stopIfAsked();
            if (!sandbox.isRunning()) {
                throw sandbox.whyEnded();
            }
            ProofChecks.throwIfExhausted(sandbox, e);
            throw new Failure.Fatal(
                    "The restored server fails: " + SqlFailure.words(e), null, SqlFailure.withoutRows(e));
        }
    }

    private ClientTools tools(Manifest manifest) {
        try {
            return ClientTools.require(
                    Math.max(dump.toolMajor(), manifest.source().major()), programs);
        } catch (Failure.Skippable e) {
            throw new NotPossibleHere(String.valueOf(e.getMessage()), e.remedy(), e);
        }
    }

    /** Into the folder that the walls let be read, and not be written. */
    private Path write() {
        Path file = sandbox.folder().wal().resolve(Manifest.Dump.STREAM);
        long total = reader.manifest().figures().bytesRead();
        long done = 0;
        byte[] chunk = new byte[CHUNK];
        try (InputStream in = reader.dump();
                OutputStream out = Files.newOutputStream(file)) {
            for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                stopIfAsked();
                out.write(chunk, 0, count);
                done += count;
                watch.progress(ProofWatch.Step.RESTORE, ProofLevel.RESTORED, done, total);
            }
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
            return file;
        } catch (DamageException e) {
            throw new Failure.Fatal(e.getMessage() + ".", null, e);
        } catch (IOException e) {
            throw new Failure.Retryable("The dump cannot be written into the sandbox: " + e.getMessage(), null, e);
        }
    }

    private void initialise(Binaries binaries) {
        Errand.Outcome made = sandbox.run(
                binaries.program("initdb"),
                List.of(
                        "--pgdata=" + sandbox.folder().data(),
                        "--username=" + SUPERUSER,
                        "--encoding=UTF8",
                        "--locale=C",
                        "--auth=trust",
                        "--no-sync"));
        stopIfAsked();
        if (made.code() != 0) {
            throw new NotPossibleHere(
                    "No empty cluster could be made: " + lastLine(made.said()),
                    "Look at the server programs in " + binaries.bin() + ".");
        }
    }

    private static String lastLine(String said) {
        String text = said.strip();
        return text.substring(text.lastIndexOf('\n') + 1);
    }

    /** Roles, extensions that can be had, and the empty database. */
    private void prepare(SavedDatabase saved) throws SQLException {
        String other = dump.dbname().equals("template1") ? "postgres" : "template1";
        try (Connection connection = firstAnswer(other)) {
            Set<String> there = DumpCatalog.roles(connection);
            for (SavedDatabase.Role role : saved.roles()) {
                if (!there.contains(role.name())) {
                    DumpCatalog.execute(connection, role.create(true));
                }
            }
            for (SavedDatabase.Membership membership : saved.memberships()) {
                DumpCatalog.execute(connection, membership.grant());
            }
            requireExtensions(saved, DumpCatalog.extensions(connection));
            DumpCatalog.dropDatabase(connection, dump.dbname());
            create(connection, saved);
        }
        try (Connection connection = sandbox.connect(dump.dbname())) {
            if (dump.carried().schemas().contains("public")) {
                DumpCatalog.dropSchema(connection, "public"); // chosen by its name it is in the dump
            }
            for (var table : dump.carried().tables()) {
                DumpCatalog.schema(connection, table.schema());
            }
        }
    }

    private void requireExtensions(SavedDatabase saved, Map<String, String> here) {
        for (SavedDatabase.Extension extension : saved.extensions()) {
            String version = here.get(extension.name());
            if (version == null && dump.selection().extensions()) {
                throw new NotPossibleHere(
                        "the extension " + extension.name() + " " + extension.version() + " is not installed here.",
                        "Install the extension's files beside the server programs that proofs use.");
            }
            if (version != null && !version.equals(extension.version())) {
                notChecked.add("extension " + extension.name() + ": version " + version + " here, "
                        + extension.version() + " on the source");
            }
        }
    }

    private void create(Connection connection, SavedDatabase saved) throws SQLException {
        int major = reader.manifest().source().major();
        try {
            DumpCatalog.execute(connection, saved.create(dump.dbname(), saved.owner(), major));
        } catch (SQLException e) {
            if (!NO_LOCALE.contains(String.valueOf(e.getSQLState()))) {
                throw e;
            }
            DumpCatalog.execute(connection, saved.createPlain(dump.dbname(), saved.owner()));
            notChecked.add("the order of texts: this machine lacks the database's locale, C stood in for it");
        }
    }

    private Connection firstAnswer(String database) {
        while (true) {
            stopIfAsked();
            try {
                return sandbox.connect(database);
            } catch (SQLException e) {
                if (!sandbox.isRunning()) {
                    throw sandbox.whyEnded();
                }
            }
            try {
                TimeUnit.MILLISECONDS.sleep(LOOK.toMillis());
            } catch (InterruptedException e) {
                Thread.currentThread().interrupt();
                throw new CancellationException("The proof was interrupted.");
            }
        }
    }

    /** To the first error that is one: what the dump would find there already was taken away before. */
    private void restore(ClientTools tools, Path file) {
        watch.progress(ProofWatch.Step.RECOVER, ProofLevel.RESTORED, 0, 0);
        Errand.Outcome outcome = sandbox.run(
                tools.restore(),
                List.of(
                        "--exit-on-error",
                        "--no-tablespaces",
                        "--no-password",
                        "--no-subscriptions",
                        "--dbname=" + connection(dump.dbname()),
                        file.toString()));
        stopIfAsked();
        if (outcome.code() == 0) {
            return;
        }
        if (!sandbox.isRunning()) {
            throw sandbox.whyEnded();
        }
        String reason = ToolProcess.reason("pg_restore", outcome.said());
        String told = reason.isEmpty()
                ? "pg_restore " + tools.number() + " ended with exit code " + outcome.code()
                : "pg_restore " + tools.number() + " says: " + reason;
        ended(outcome, reason, sandbox::exhausted).ifPresent(lack -> {
            throw lack;
        });
        if (!dump.selection().isAll() && NOT_THERE.matcher(reason).find()) {
            throw new NotPossibleHere(
                    "what was chosen for this backup refers to what was not: " + told,
                    "Choose that too, or restore it into a database that has it.");
        }
        throw new Failure.Fatal(told + ".", "Take another backup, and look at the objects that are named.", null);
    }

    /**
     * What this machine lacked that pg_restore did not come to its end; empty if it says something of the dump.
     *
     * @param reason what it complained of
     * @param exhausted asked whether a server that left its session ran out of something
     */
    static Optional<NotPossibleHere> ended(
            Errand.Outcome outcome, String reason, Function<SQLException, Optional<NotPossibleHere>> exhausted) {
        if (outcome.code() == -1 || outcome.code() > 128) {
            return Optional.of(new NotPossibleHere(
                    "pg_restore did not come to its end: "
                            + (outcome.code() == -1
                                    ? "the time for a proof was over."
                                    : "signal " + (outcome.code() - 128) + " ended it."),
                    "Give proofs more time, memory and CPU time: NIGHTSHIFT_PROOF_… in the documentation."));
        }
        if (GONE.matcher(reason).find()) {
            return exhausted.apply(new SQLException(reason, "08006"));
        }
        return Sandbox.lackIn(reason.isEmpty() ? outcome.said() : reason);
    }

    /** As libpq reads it (manual, section 34.1.1): a database may be called like anything. */
    private static String connection(String database) {
        return "host=" + Errand.SOCKET + " user=" + SUPERUSER + " dbname='"
                + database.replace("\\", "\\\\").replace("'", "\\'") + "' gssencmode=disable sslmode=disable";
    }

    private void tellLimits(Manifest manifest, SavedDatabase saved) {
        notChecked.add("passwords of roles: they are not in the backup");
        if (saved.subscriptions() > 0) {
            notChecked.add(saved.subscriptions() + " subscriptions of the database: no restore makes them again");
        }
        if (saved.settings() > 0) {
            notChecked.add(saved.settings()
                    + " settings of the database and of roles in it: they are kept for people to read");
        }
        if (manifest.lineage().kind() == Manifest.Kind.SCHEMA) {
            notChecked.add("rows: a backup of the schema holds none");
        }
        if (!dump.selection().isAll()) {
            notChecked.add("what was not chosen for this backup");
        }
    }

    private ProofEvidence measured(ClientTools tools) throws SQLException {
        try (Connection connection = sandbox.connect(dump.dbname())) {
            DumpCatalog.Counts counts = DumpCatalog.counts(connection);
            return new ProofEvidence(
                    String.format(
                            Locale.ROOT,
                            "pg_restore %s restored database %s without an error: %,d tables, %,d indexes, %,d constraints,"
                                    + " %,d functions",
                            tools.number(),
                            dump.database(),
                            counts.tables(),
                            counts.indexes(),
                            counts.constraints(),
                            counts.functions()),
                    Map.of(
                            "tables", counts.tables(),
                            "indexes", counts.indexes(),
                            "constraints", counts.constraints(),
                            "functions", counts.functions(),
                            "rtoMillis", rto == null ? 0L : rto.toMillis()));
        }
    }

    private void stopIfAsked() {
        if (watch.stopped()) {
            throw new CancellationException("The proof was stopped.");
        }
    }
}
