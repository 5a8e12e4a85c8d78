package dev.nightshift.backup;

import dev.nightshift.backup.stores.Stores;
import dev.nightshift.finding.Severity;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.job.Job;
import dev.nightshift.job.JobDefinition;
import dev.nightshift.job.Parameter;
import dev.nightshift.job.Parameters;
import dev.nightshift.job.TargetRun;
import dev.nightshift.job.Unit;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.ToolProcess;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.JsonObject;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.UUID;

/** Restoring a backup to a folder as something that can be run. */
@ApplicationScoped
class RestoreJob implements Job {
    static final String CHECK = "check";
    static final String RECOVER = "recover";
    static final String DUMP = "dump";
    static final String RESTORE = "restore";
    static final String COMPARE = "compare";
    static final String DATABASE = "database";
    static final String ACCEPT_TABLESPACES = "acceptTablespaces";
    static final String ACCEPT_LITTLE_ROOM = "acceptLittleRoom";
    static final String NEW_DATABASE = "newDatabase";
    static final String INSTANCE = "instance";
    static final String DEFINITIONS = "definitions";
    static final String CREATE_ROLES = "createRoles";
    static final String CONTENT = "content";
    static final String ALL = "all";
    static final String SCHEMA = "schema";
    static final String OWNERS = "owners";
    static final String KEEP = "keep";
    private static final String FOLDER = "folder";

    /** Bytes of a name (manual, section 4.1.1). */
    private static final int LONGEST = 63;

    private static final JobDefinition DEFINITION = new JobDefinition(
            "restore",
            "Restore",
            "Writes a backup out into an empty folder as a cluster that stock PostgreSQL starts, with the log up to a point if one"
                    + " is given; nothing is started, and nothing of the source is touched. Or restores a logical backup, or one"
                    + " database or tables of a physical one, into a new database of a registered server.",
            Unit.INSTANCE,
            "restore",
            false,
            Severity.WARNING,
            Severity.WARNING,
            List.of(CHECK, RECOVER, DUMP, RESTORE, COMPARE),
            PointParameters.after(DumpParameters.after(
                    "Of a physical backup, into a new database",
                    Parameter.text(
                            "backup",
                            "Backup",
                            "The id of the backup; the newest one, that lies before the point, if none is given.",
                            false),
                    Parameter.text(
                            "folder",
                            "Folder",
                            "Absolute path of a new or empty folder on Nightshift's machine, below a folder that the installation"
                                    + " allows (NIGHTSHIFT_RESTORE_ROOTS). Not with a new database.",
                            false),
                    Parameter.text(
                            PointParameters.FROM,
                            "From",
                            "The store to read the backup and the archived log from; if none is given, the first that has all of the"
                                    + " backup and answers, the one that it was taken to before its copies, and so with the log.",
                            false),
                    Parameter.flag(
                            ACCEPT_TABLESPACES,
                            "Accept tablespaces",
                            "Restores to a point though the log on the way creates tablespaces: the first start writes into their"
                                    + " folders by the paths on the source, so start the server only where these are not the"
                                    + " source's.",
                            false),
                    Parameter.flag(
                            ACCEPT_LITTLE_ROOM,
                            "Accept little room",
                            "Begins though the folder's file system has less room than the cluster and its log take: for file"
                                    + " systems that compress.",
                            false),
                    Parameter.text(
                            NEW_DATABASE,
                            "New database",
                            "In place of the folder, and for a logical backup: the name of the database to make, as the server will"
                                    + " call it. One that is there is never touched.",
                            false),
                    Parameter.text(
                            INSTANCE,
                            "Instance",
                            "The instance of this project that gets the new database; that of the backup if none is given.",
                            false),
                    Parameter.text(
                            DATABASE,
                            "Database",
                            "Of a physical backup, into a new database: the database to take, as its server called it; the one that"
                                    + " the run names if none is given.",
                            false),
                    Parameter.choice(
                            CONTENT,
                            "Content",
                            "all that goes into a new database, or its schema without the rows.",
                            ALL,
                            ALL,
                            SCHEMA),
                    Parameter.text(
                            DEFINITIONS,
                            "Definitions",
                            "For a backup of the kind data: the id of the logical or schema backup whose tables its rows go into.",
                            false),
                    Parameter.choice(
                            OWNERS,
                            "Owners",
                            "keep restores owners and privileges; none leaves them out, so that all belongs to Nightshift's role.",
                            KEEP,
                            KEEP,
                            "none"),
                    Parameter.flag(
                            CREATE_ROLES,
                            "Create roles",
                            "Creates the roles that the server lacks, without password and without special powers; else a missing"
                                    + " one ends the run.",
                            false))));

    @Inject
    private RestoreRoots roots;

    @Inject
    private Backups backups;

    @Inject
    private Stores stores;

    @Inject
    private Fleet fleet;

    @Inject
    private Clock clock;

    @Override
    public JobDefinition definition() {
        return DEFINITION;
    }

    @Override
    public Moves moves() {
        return Moves.FIRST;
    }

    @Override
    public JsonObject plain(JsonObject given) {
        return PointParameters.plain(given, clock.now());
    }

    @Override
    public void check(ProjectId project, Parameters parameters) {
        parameters
                .text(PointParameters.FROM)
                .ifPresent(store -> stores.require("parameters." + PointParameters.FROM, store));
        String name = parameters.text(NEW_DATABASE).orElse(null);
        if (name != null) {
            checkNew(project, name, parameters);
            return;
        }
        roots.confined(parameters
                .text(FOLDER)
                .orElseThrow(() -> new Failure.Invalid(
                        "parameters." + FOLDER, "Folder is needed; or the name of a new database.")));
        refuse(parameters, "It goes with a new database: into a folder goes the whole server.", DATABASE);
        DumpParameters.refuse(parameters, "It goes with a new database: into a folder goes the whole server.");
        PointParameters.check(parameters, clock.now());
        parameters.text("backup").ifPresent(id -> {
            if (!known(backups, project, id).physical()) {
                throw new Failure.Invalid(
                        "parameters." + NEW_DATABASE,
                        "This is a logical backup: it is restored into a new database, not into a folder.");
            }
        });
    }

    private void checkNew(ProjectId project, String name, Parameters parameters) {
        refuse(parameters, "A new database lies on its server: give one of the two.", FOLDER);
        refuse(parameters, "It is for a restore into a folder.", ACCEPT_LITTLE_ROOM);
        checkName(NEW_DATABASE, name);
        if (NewDatabases.isProvisional(name)) {
            throw new Failure.Invalid(
                    "parameters." + NEW_DATABASE,
                    "Restores call their databases so until they are made: choose another.");
        }
        parameters.text(INSTANCE).ifPresent(instance -> requireInstance(project, instance));
        Backup backup =
                parameters.text("backup").map(id -> known(backups, project, id)).orElse(null);
        if (backup == null || backup.physical()) {
            refuse(parameters, "A physical backup brings its definitions itself.", DEFINITIONS);
            refuse(
                    parameters,
                    "It is for a restore into a folder: a sandbox has a place of its own.",
                    ACCEPT_TABLESPACES);
            parameters.text(DATABASE).ifPresent(database -> checkName(DATABASE, database));
            PointParameters.check(parameters, clock.now());
            DumpParameters.selection(parameters);
        } else {
            checkLogical(project, backup, parameters);
        }
    }

    private static void refuse(Parameters parameters, String why, String name) {
        boolean given = List.of(ACCEPT_TABLESPACES, ACCEPT_LITTLE_ROOM).contains(name)
                ? parameters.flag(name)
                : parameters.text(name).isPresent();
        if (given) {
            throw new Failure.Invalid("parameters." + name, why);
        }
    }

    private static void checkName(String parameter, String name) {
        if (name.indexOf('\0') >= 0 || name.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
            throw new Failure.Invalid("parameters." + parameter, "A name has 1 to " + LONGEST + " bytes.");
        }
        if (name.chars().anyMatch(Character::isISOControl)) {
            throw new Failure.Invalid("parameters." + parameter, "A name with control characters is not taken.");
        }
        if (!ToolProcess.canGet(name)) {
            throw new Failure.Invalid(
                    "parameters." + parameter,
                    "Nightshift runs under a locale that has no letters for this name: start it with LC_ALL=C.UTF-8.");
        }
    }

    private void checkLogical(ProjectId project, Backup backup, Parameters parameters) {
        if (PointParameters.of(parameters).isPresent()) {
            throw new Failure.Invalid("parameters.to", "A logical backup knows no point but its own.");
        }
        String whole = "A logical backup is restored as it was taken: of a physical one parts can be chosen.";
        refuse(parameters, whole, DATABASE);
        DumpParameters.refuse(parameters, whole);
        String definitions = parameters.text(DEFINITIONS).orElse(null);
        if (backup.kind().equals("DATA") == (definitions == null)) {
            throw new Failure.Invalid(
                    "parameters." + DEFINITIONS,
                    definitions == null
                            ? "This backup holds rows alone: name the logical or schema backup whose tables they go into."
                            : "This backup brings its definitions itself.");
        }
        if (definitions != null) {
            Backup schema = known(backups, project, definitions);
            if (schema.physical() || schema.kind().equals("DATA")) {
                throw new Failure.Invalid(
                        "parameters." + DEFINITIONS, "This backup holds no definitions as pg_dump writes them.");
            }
        }
    }

    private void requireInstance(ProjectId project, String name) {
        try {
            if (fleet.instanceNamed(project, new Name(name)).isPresent()) {
                return;
            }
        } catch (IllegalArgumentException e) {
            // no name that anything here can have
        }
        throw new Failure.Invalid("parameters." + INSTANCE, "This project has no instance of this name.");
    }

    /** Whether the backup that the run names is one; without a name it is the newest physical one. */
    static boolean isLogical(Backups backups, TargetRun target) {
        return target.parameters()
                .text("backup")
                .filter(id -> !known(backups, target.project(), id).physical())
                .isPresent();
    }

    /** Ends the steps that only what is taken out of a physical backup has. */
    static void skipSandbox(TargetRun target) {
        target.skipped(RECOVER, "Only tables out of a physical backup need a sandbox.");
        target.skipped(DUMP, "Only tables out of a physical backup are dumped.");
    }

    /**
     * Lets pass what pg_restore reads.
     *
     * @throws Failure.Invalid if it is physical
     */
    static void requireLogical(Backup backup) {
        if (backup.physical()) {
            throw new Failure.Invalid(
                    "parameters." + NEW_DATABASE,
                    "Backup " + backup.id() + " holds a whole instance: restore it into a folder.");
        }
    }

    @Override
    public void checkTargets(int targets) {
        if (targets > 1) {
            throw new Failure.Invalid(
                    "databases",
                    "One folder holds one server: these databases are on " + targets
                            + ". Restore each server into a folder of its own.");
        }
    }

    /**
     * The backup that a request names.
     *
     * @throws Failure.Invalid for {@code parameters.backup}
     */
    static Backup known(Backups backups, ProjectId project, String id) {
        try {
            return backups.get(project, UUID.fromString(id));
        } catch (IllegalArgumentException | Failure.NotFound e) {
            throw new Failure.Invalid("parameters.backup", "This project holds no backup of this id.");
        }
    }
}
