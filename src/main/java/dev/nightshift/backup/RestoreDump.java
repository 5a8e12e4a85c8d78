package dev.nightshift.backup;

import dev.nightshift.backup.proof.DrillGround;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.SavedDatabase;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Instance;
import dev.nightshift.job.TakenOver;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.postgres.ClientTools;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.ToolLogin;
import dev.nightshift.postgres.ToolProcess;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Restores a logical backup into a new database of a registered server. What pg_restore has that server do comes out of the
 * backup, and is done with the rights of Nightshift's role there. A database that was not restored whole is dropped again.
 */
@ApplicationScoped
class RestoreDump {
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final int CHUNK = 256 << 10;

    @Inject
    private Backups backups;

    @Inject
    private BackupSources sources;

    @Inject
    private Keyring keyring;

    @Inject
    private Fleet fleet;

    @Inject
    private NewDatabases databases;

    @Inject
    private DrillGround ground;

    /** What is restored, and where to. */
    private record Work(
            TargetRun target,
            Backup backup,
            BackupReader reader,
            @Nullable BackupReader definitions,
            SavedDatabase saved,
            Instance instance,
            Endpoint server,
            String name,
            ClientTools tools,
            int major) {
        boolean keepOwners() {
            return target.parameters()
                    .text(RestoreJob.OWNERS)
                    .orElse(RestoreJob.KEEP)
                    .equals(RestoreJob.KEEP);
        }

        boolean schemaOnly() {
            return target.parameters()
                    .text(RestoreJob.CONTENT)
                    .orElse(RestoreJob.ALL)
                    .equals(RestoreJob.SCHEMA);
        }
    }

    /**
     * Restores.
     *
     * @throws Failure.Conflict if the server has a database of this name; nothing was touched
     * @throws Failure.Skippable if roles, extensions or programs are missing, naming them; nothing was touched
     * @throws Failure.Fatal if the backup is damaged or does not restore; the new database is gone again
     */
    void restore(TargetRun target) {
        target.begin(RestoreJob.CHECK);
        Work work = work(target);
        Optional<NewDatabases.Made> again = databases.leftBehind(work.server(), work.name(), marks(target));
        List<SavedDatabase.Role> missing =
                work.keepOwners() ? databases.missing(work.server(), work.saved()) : List.of();
        boolean create = target.parameters().flag(RestoreJob.CREATE_ROLES);
        if (!missing.isEmpty() && !create) {
            throw new Failure.Skippable(
                    "The server of " + work.instance().name() + " lacks roles that the backup names: "
                            + String.join(
                                    ", ",
                                    missing.stream()
                                            .map(SavedDatabase.Role::name)
                                            .toList())
                            + ".",
                    "Create them, or let the run do it (createRoles), or leave owners and privileges out (owners none).",
                    null);
        }
        databases.requireExtensions(work.server(), wanted(work));
        target.info("Restoring the " + work.backup().kind().toLowerCase(Locale.ROOT) + " backup of database "
                + String.join(", ", work.backup().databases()) + " taken at "
                + work.backup().takenAt().truncatedTo(ChronoUnit.SECONDS) + " into the new database " + work.name()
                + " of " + work.instance().name() + ", by pg_restore "
                + work.tools().number() + ".");
        target.done(RestoreJob.CHECK, null);

        target.begin(RestoreJob.RESTORE);
        if (again.isPresent()) {
            databases.drop(work.server(), again.get());
            target.info("Dropped what an interrupted attempt had left in " + work.name() + ".");
        }
        missing.forEach(role -> {
            databases.create(work.server(), role);
            target.info("Created the role " + role.name() + ", which cannot log in"
                    + (role.powerful() ? " and has none of the powers that it had." : "."));
        });
        long bytes = into(work, missing);
        target.figure("database", work.name());
        target.figure("instance", work.instance().name().value());
        target.figure("sizeBytes", bytes);
        target.done(RestoreJob.RESTORE, new Bytes(bytes).toString());
        if (work.saved().settings() > 0) {
            target.info("The database had " + work.saved().settings()
                    + " settings of its own, which are not set again: see settings/" + Manifest.Dump.ROLES
                    + " in the backup.");
        }
        if (work.saved().subscriptions() > 0) {
            target.info("The database had " + work.saved().subscriptions()
                    + " subscriptions, which are not made again: they would take over the slots of those that run.");
        }
        target.info("Only its owner and superusers may connect to it: grant others connect on database.");
        target.info("Restored. Register the database to have it watched and backed up.");
    }

    /** How the comments of databases begin that attempts of this run have made. */
    private static String marks(TargetRun target) {
        return "nightshift restore " + target.targetId() + ", attempt ";
    }

    private Work work(TargetRun target) {
        var parameters = target.parameters();
        Backup backup = RestoreBackup.chosen(backups, target);
        RestoreJob.requireLogical(backup);
        BackupReader reader = open(target, backup);
        Backup definitions = parameters
                .text(RestoreJob.DEFINITIONS)
                .map(id -> RestoreJob.known(backups, target.project(), id))
                .orElse(null);
        Instance instance = parameters
                .text(RestoreJob.INSTANCE)
                .map(name -> fleet.instanceNamed(target.project(), new Name(name))
                        .orElseThrow(() -> new Failure.Skippable(
                                "This project has no instance " + name + " any more.", null, null)))
                .orElseGet(() -> fleet.instance(target.project(), target.instanceId()));
        Endpoint server = fleet.endpoint(target.project(), instance.id());
        int major = databases.major(server);
        int tool = Objects.requireNonNull(reader.manifest().dump()).toolMajor();
        BackupReader schema = definitions == null ? null : open(target, definitions);
        return new Work(
                target,
                backup,
                reader,
                schema,
                SavedDatabase.of(schema == null ? reader : schema),
                instance,
                server,
                parameters.text(RestoreJob.NEW_DATABASE).orElseThrow(),
                ClientTools.require(Math.max(tool, major), ground.programs()),
                major);
    }

    private BackupReader open(TargetRun target, Backup backup) {
        return sources.open(
                        target.project(),
                        backup,
                        BackupSources.Reading.in(
                                target.parameters().text(PointParameters.FROM).orElse(null),
                                BackupSources.Reading.ANYWHERE),
                        keyring.of(target.project()),
                        target::warn)
                .reader();
    }

    private static List<SavedDatabase.Extension> wanted(Work work) {
        BackupReader schema = work.definitions() == null ? work.reader() : work.definitions();
        return Objects.requireNonNull(schema.manifest().dump()).selection().extensions()
                ? work.saved().extensions()
                : List.of();
    }

    /** @param created roles that were created for it */
    private long into(Work work, List<SavedDatabase.Role> created) {
        TargetRun target = work.target();
        String owner = work.keepOwners() ? work.saved().owner() : null;
        String mark = marks(target) + target.attempt();
        boolean done = false;
        NewDatabases.Made made = null;
        try {
            made = databases.create(
                    work.server(), work.saved().create(work.name(), owner, work.major()), work.name(), mark);
            BackupReader schema = work.definitions();
            BackupReader first = schema == null ? work.reader() : schema;
            databases.prepare(
                    work.server().withDatabase(work.name()),
                    Objects.requireNonNull(first.manifest().dump()).carried());
            long bytes;
            if (schema == null) {
                bytes = run(work, work.reader(), work.schemaOnly() ? List.of("--schema-only") : List.of());
            } else {
                run(work, schema, List.of("--section=pre-data"));
                bytes = run(work, work.reader(), List.of());
                run(work, schema, List.of("--section=post-data"));
            }
            target.store(connection -> {}); // only while this attempt still has the target
            databases.adopt(work.server(), made);
            done = true;
            return bytes;
        } catch (TakenOver e) {
            done = true; // the other attempt knows it by its comment
            throw e;
        } finally {
            if (!done) {
                dropAgain(work, made, created);
            }
        }
    }

    private void dropAgain(Work work, NewDatabases.@Nullable Made made, List<SavedDatabase.Role> created) {
        if (!created.isEmpty()) {
            work.target()
                    .warn("These roles were created for the restore, and stay: "
                            + String.join(
                                    ", ",
                                    created.stream()
                                            .map(SavedDatabase.Role::name)
                                            .toList())
                            + ".");
        }
        if (made == null) {
            return; // it was not created
        }
        try {
            databases.drop(work.server(), made);
        } catch (Failure e) {
            work.target()
                    .warn("The database " + work.name() + " is not whole, and could not be dropped: " + e.getMessage());
        }
    }

    private static long run(Work work, BackupReader reader, List<String> how) {
        TargetRun target = work.target();
        List<String> arguments =
                new ArrayList<>(List.of("--exit-on-error", "--no-tablespaces", "--no-password", "--no-subscriptions"));
        if (!work.keepOwners()) {
            arguments.addAll(List.of("--no-owner", "--no-privileges"));
        }
        arguments.addAll(how);
        // Everything else is in its environment; a name alone would be read as a connection string if it looks like one
        arguments.add("--dbname=dbname='" + work.name().replace("\\", "\\\\").replace("'", "\\'") + "'");
        try (ToolLogin login = ToolLogin.of(work.server().withDatabase(work.name()));
                ToolProcess process = ToolProcess.start(work.tools().restore(), arguments, login)) {
            target.onStop(process::kill);
            target.throwIfStopped();
            long bytes = feed(target, reader, process);
            while (!process.hasEnded(LOOK)) {
                target.throwIfStopped(); // indexes are built when all rows are in
            }
            target.throwIfStopped();
            int code = process.end(LOOK);
            if (code != 0) {
                throw failed(work, code, process.reason());
            }
            return bytes;
        }
    }

    /** It may end before all is read: when it has what it wants, or has failed. */
    private static long feed(TargetRun target, BackupReader reader, ToolProcess process) {
        long total = reader.manifest().figures().bytesRead();
        long bytes = 0;
        byte[] chunk = new byte[CHUNK];
        try (InputStream in = reader.dump()) {
            try (OutputStream out = process.input()) {
                for (int count = in.read(chunk); count >= 0; count = in.read(chunk)) {
                    target.throwIfStopped();
                    if (!write(out, chunk, count)) {
                        return bytes;
                    }
                    bytes += count;
                    target.progress(bytes, total, "bytes", null);
                }
            }
        } catch (DamageException e) {
            process.kill();
            throw new Failure.Fatal(e.getMessage() + ".", "Use another backup, or another copy of this one.", e);
        } catch (IOException e) {
            process.kill();
            throw new Failure.Retryable("The dump cannot be read: " + e.getMessage(), "Check the store.", e);
        }
        return bytes;
    }

    /** False once nobody reads any more. */
    private static boolean write(OutputStream out, byte[] chunk, int count) {
        try {
            out.write(chunk, 0, count);
            return true;
        } catch (IOException e) {
            return false;
        }
    }

    private static Failure failed(Work work, int code, String reason) {
        String what = "The restore into " + work.name() + " failed, and the database is dropped again: "
                + (reason.isEmpty() ? "pg_restore ended with exit code " + code : reason) + ".";
        return code > 128
                ? new Failure.Retryable(what, null, null)
                : new Failure.Fatal(
                        what,
                        work.keepOwners()
                                ? "Owners need a role that is superuser or member of them; owners none leaves them out."
                                : null,
                        null);
    }
}
