package dev.nightshift.backup;

import dev.nightshift.backup.read.SavedDatabase;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Instance;
import dev.nightshift.job.TakenOver;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.postgres.ClientTools;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.ToolLogin;
import dev.nightshift.postgres.ToolProcess;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Makes a new database on a registered server and has pg_restore fill it. What pg_restore has that server do comes out of a
 * backup, and is done with the rights of Nightshift's role there. A database that was not filled whole is dropped again.
 */
@ApplicationScoped
class FillDatabase {
    private static final Duration LOOK = Duration.ofSeconds(1);
    private static final int CHUNK = 256 << 10;

    @Inject
    private Fleet fleet;

    @Inject
    private NewDatabases databases;

    /**
     * Where it goes.
     *
     * @param name of the new database
     * @param major of the server
     */
    record Place(TargetRun target, Instance instance, Endpoint server, String name, int major) {
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

    /** What pg_dump wrote, to be read once or more. */
    interface Dump {
        InputStream open() throws IOException;

        /** Bytes that are read, about. */
        long bytes();
    }

    /**
     * One call of pg_restore.
     *
     * @param how arguments beside those that every one has
     * @param rows whether its bytes are what the restore is said to have read
     */
    record Pass(Dump dump, List<String> how, boolean rows) {
        /** All of it, or its schema if that alone was asked for. */
        static Pass whole(Place place, Dump dump) {
            return new Pass(dump, place.schemaOnly() ? List.of("--schema-only") : List.of(), true);
        }
    }

    /**
     * What goes into it.
     *
     * @param carried what the dump holds
     * @param schemas that it takes for granted
     * @param extensions that it creates
     */
    record Content(
            SavedDatabase saved,
            DumpSelection carried,
            List<DumpNeeds.Schema> schemas,
            List<SavedDatabase.Extension> extensions,
            ClientTools tools,
            List<Pass> passes) {}

    /** Looks at the filled database before it counts as restored; what it throws has it dropped again. */
    @FunctionalInterface
    interface Look {
        Look NONE = database -> {};

        void at(Endpoint database);
    }

    /** What was found before anything is touched. */
    record Ready(List<NewDatabases.Made> again, List<SavedDatabase.Role> missing) {}

    Place place(TargetRun target) {
        Instance instance = target.parameters()
                .text(RestoreJob.INSTANCE)
                .map(name -> fleet.instanceNamed(target.project(), new Name(name))
                        .orElseThrow(() -> new Failure.Skippable(
                                "This project has no instance " + name + " any more.", null, null)))
                .orElseGet(() -> fleet.instance(target.project(), target.instanceId()));
        Endpoint server = fleet.endpoint(target.project(), instance.id());
        return new Place(
                target,
                instance,
                server,
                target.parameters().text(RestoreJob.NEW_DATABASE).orElseThrow(),
                databases.major(server));
    }

    /** How the comments of databases begin that attempts of this run have made. */
    private static String marks(TargetRun target) {
        return "nightshift restore " + target.targetId() + ", attempt ";
    }

    private static String provisional(TargetRun target) {
        return NewDatabases.provisional(target.targetId());
    }

    /**
     * What an attempt before has left there.
     *
     * @throws Failure.Conflict if the server has a database of this name
     * @throws Failure.Skippable if Nightshift's role may make none
     */
    List<NewDatabases.Made> leftBehind(Place place) {
        databases.requireRight(place.server());
        try {
            return databases.leftBehind(
                    place.server(), place.name(), provisional(place.target()), marks(place.target()));
        } catch (Failure.Conflict e) {
            if (place.target().attempt() > 1) {
                place.target()
                        .warn(
                                "If an attempt before this one was interrupted when all was restored and compared, as its lines"
                                        + " above say, the database is whole.");
            }
            throw e;
        }
    }

    /**
     * Looks that it can be made; touches nothing.
     *
     * @throws Failure.Conflict if the server has a database of this name
     * @throws Failure.Skippable if roles or extensions are missing, naming them
     */
    Ready ready(Place place, Content content) {
        List<NewDatabases.Made> again = leftBehind(place);
        List<SavedDatabase.Role> missing =
                place.keepOwners() ? databases.missing(place.server(), content.saved()) : List.of();
        boolean create = place.target().parameters().flag(RestoreJob.CREATE_ROLES);
        if (!missing.isEmpty() && !create) {
            throw new Failure.Skippable(
                    "The server of " + place.instance().name() + " lacks roles that the backup names: " + names(missing)
                            + ".",
                    "Create them, or let the run do it (createRoles), or leave owners and privileges out (owners none).",
                    null);
        }
        databases.requireExtensions(place.server(), content.extensions());
        return new Ready(again, missing);
    }

    private static String names(List<SavedDatabase.Role> roles) {
        return roles.stream().map(SavedDatabase.Role::name).collect(Collectors.joining(", "));
    }

    /**
     * Makes and fills it.
     *
     * @return bytes of the dump that were read
     * @throws Failure.Fatal if the dump is damaged or does not restore; the new database is gone again
     */
    long fill(Place place, Content content, Ready ready, Look look) {
        TargetRun target = place.target();
        ready.again().forEach(left -> {
            databases.drop(place.server(), left);
            target.info("Dropped what an interrupted attempt had left in " + left.name() + ".");
        });
        ready.missing().forEach(role -> {
            databases.create(place.server(), role);
            target.info("Created the role " + role.name() + ", which cannot log in"
                    + (role.powerful() ? " and has none of the powers that it had." : "."));
        });
        String owner = place.keepOwners() ? content.saved().owner() : null;
        String mark = marks(target) + target.attempt();
        boolean done = false;
        NewDatabases.Made made = null;
        try {
            String provisional = provisional(target);
            made = databases.create(
                    place.server(),
                    content.saved().create(provisional, owner, place.major()),
                    provisional,
                    place.name(),
                    mark);
            databases.prepare(
                    place.server().withDatabase(place.name()),
                    content.carried(),
                    content.schemas(),
                    place.keepOwners());
            long bytes = 0;
            for (Pass pass : content.passes()) {
                long read = run(place, content, pass);
                bytes = pass.rows() ? read : bytes;
            }
            look.at(place.server().withDatabase(place.name()));
            target.store(connection -> {}); // only while this attempt still has the target
            databases.adopt(place.server(), made);
            done = true;
            return bytes;
        } catch (TakenOver e) {
            done = true; // the other attempt knows it by its comment
            throw e;
        } finally {
            if (!done) {
                dropAgain(place, made, mark, ready.missing());
            }
        }
    }

    /**
     * Says what is there now and what is not.
     *
     * @param settings where the settings of the database can be read
     */
    void tell(Place place, SavedDatabase saved, long bytes, String settings) {
        TargetRun target = place.target();
        target.figure("database", place.name());
        target.figure("instance", place.instance().name().value());
        target.figure("sizeBytes", bytes);
        if (saved.settings() > 0) {
            target.info("The database had " + saved.settings() + " settings of its own, which are not set again: see "
                    + settings + ".");
        }
        if (saved.subscriptions() > 0) {
            target.info("The database had " + saved.subscriptions()
                    + " subscriptions, which are not made again: they would take over the slots of those that run.");
        }
        target.info("Only its owner and superusers may connect to it: grant others connect on database.");
        target.info("Restored. Register the database to have it watched and backed up.");
    }

    /** @param created roles that were created for it */
    private void dropAgain(
            Place place, NewDatabases.@Nullable Made made, String mark, List<SavedDatabase.Role> created) {
        TargetRun target = place.target();
        if (!created.isEmpty()) {
            target.warn("These roles were created for the restore, and stay: " + names(created) + ".");
        }
        try {
            // It may be there although the answer to its making was lost
            NewDatabases.Made left = made == null ? databases.marked(place.server(), place.name(), mark) : made;
            if (left != null) {
                databases.drop(place.server(), left);
            }
        } catch (Failure e) {
            target.warn("The database " + place.name() + " or " + provisional(target)
                    + ", if it is there with the comment \"" + mark
                    + "\" or none, is not whole and could not be dropped: "
                    + e.getMessage());
        }
    }

    private static long run(Place place, Content content, Pass pass) {
        TargetRun target = place.target();
        List<String> arguments =
                new ArrayList<>(List.of("--exit-on-error", "--no-tablespaces", "--no-password", "--no-subscriptions"));
        if (!place.keepOwners()) {
            arguments.addAll(List.of("--no-owner", "--no-privileges"));
        }
        arguments.addAll(pass.how());
        // Everything else is in its environment; a name alone would be read as a connection string if it looks like one
        arguments.add("--dbname=dbname='" + place.name().replace("\\", "\\\\").replace("'", "\\'") + "'");
        try (ToolLogin login = ToolLogin.of(place.server().withDatabase(place.name()));
                ToolProcess process = ToolProcess.start(content.tools().restore(), arguments, login)) {
            target.onStop(process::kill);
            target.throwIfStopped();
            long bytes = feed(target, pass.dump(), process);
            while (!process.hasEnded(LOOK)) {
                target.throwIfStopped(); // indexes are built when all rows are in
            }
            target.throwIfStopped();
            int code = process.end(LOOK);
            if (code != 0) {
                throw failed(place, content, code, process.reason());
            }
            return bytes;
        }
    }

    /** It may end before all is read: when it has what it wants, or has failed. */
    private static long feed(TargetRun target, Dump dump, ToolProcess process) {
        long total = dump.bytes();
        long bytes = 0;
        byte[] chunk = new byte[CHUNK];
        try (InputStream in = dump.open()) {
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

    private static Failure failed(Place place, Content content, int code, String reason) {
        String what = "The restore into " + place.name() + " failed, and the database is dropped again: "
                + (reason.isEmpty() ? "pg_restore ended with exit code " + code : reason) + ".";
        if (code > 128) {
            return new Failure.Retryable(what, null, null);
        }
        String remedy = !content.carried().isAll() && reason.contains("does not exist")
                ? "What was chosen refers to what was not: choose that too, or its schema, or restore the whole database."
                : place.keepOwners()
                        ? "Owners need a role that is superuser or member of them; owners none leaves them out."
                        : null;
        return new Failure.Fatal(what, remedy, null);
    }
}
