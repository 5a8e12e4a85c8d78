package dev.nightshift.backup;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.finding.Severity;
import dev.nightshift.job.Job;
import dev.nightshift.job.JobDefinition;
import dev.nightshift.job.Parameter;
import dev.nightshift.job.Parameters;
import dev.nightshift.job.Unit;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.Stream;

/** The backup as something that can be run. */
@ApplicationScoped
class BackupJob implements Job {
    static final String PREPARE = "prepare";
    static final String CHECKPOINT = "checkpoint";
    static final String COPY = "copy";
    static final String LOG = "log";
    static final String CATALOGUE = "catalogue";
    /** The parameters for the kind, and for what a backup that holds changes is built on. */
    static final String KIND = "kind";

    static final String PARENT = "parent";

    static final String STORE = "store";

    /** The step and the parameter for copies in other stores. */
    static final String COPIES = "copies";

    private static final JobDefinition DEFINITION = new JobDefinition(
            "backup",
            "Backup",
            "Takes a physical backup of each database's server, encrypted, with the log that makes it consistent: all of it, or"
                    + " what changed since another one. Or a logical one of each database, as pg_dump writes it.",
            Unit.INSTANCE,
            "backup",
            true,
            // Without a new backup data is at risk, whatever kept it from being taken
            Severity.CRITICAL,
            Severity.CRITICAL,
            List.of(PREPARE, CHECKPOINT, COPY, LOG, CATALOGUE, COPIES),
            with(
                    DumpParameters.all("Of a logical backup"),
                    RateParameter.of(
                            "Kilobytes a second that the server sends at most, or pg_dump, and then that the copies read; nothing for no limit."
                                    + " The server takes 32 or more."),
                    Parameter.choice(
                            "checkpoint",
                            "Checkpoint",
                            "spread writes it at the pace of the server's own ones, which takes some minutes;"
                                    + " fast is done as soon as the server's disks can, and loads them meanwhile.",
                            "spread",
                            "spread",
                            "fast"),
                    Parameter.choice(
                            "compress",
                            "Compress",
                            "on the server, which saves network, where it can; or here, which saves its processors.",
                            "server",
                            "server",
                            "here"),
                    Parameter.choice(
                            KIND,
                            "Kind",
                            "full holds everything; incremental what changed since the newest backup, differential what changed"
                                    + " since the newest full one. Those two need PostgreSQL 17 and its summarize_wal; without a"
                                    + " usable backup before them a full one is taken. logical holds one database, schema its"
                                    + " definitions only, data its rows only; these need pg_dump of the server's version or newer"
                                    + " on Nightshift's machine.",
                            Manifest.Kind.FULL.word(),
                            Manifest.Kind.FULL.word(),
                            Manifest.Kind.INCREMENTAL.word(),
                            Manifest.Kind.DIFFERENTIAL.word(),
                            Manifest.Kind.LOGICAL.word(),
                            Manifest.Kind.SCHEMA.word(),
                            Manifest.Kind.DATA.word()),
                    Parameter.text(
                            PARENT,
                            "Parent",
                            "The id of the backup to build on; the newest usable one if none is given.",
                            false),
                    Parameter.text(
                            STORE,
                            "Store",
                            "The name of the store that it goes to; local, a folder of Nightshift's, if none is given.",
                            false),
                    Parameter.text(
                            COPIES,
                            "Copies",
                            "The names of other stores that it is copied to when it is taken, with commas between them; one that"
                                    + " fails fails the run, and the backup stays.",
                            false),
                    Parameter.choice(
                            "evidence",
                            "Evidence",
                            "rows counts and hashes what the tables hold, for the proof level matched; it reads them once. none"
                                    + " leaves it out.",
                            "rows",
                            "rows",
                            "none")));

    @Inject
    private Backups backups;

    @Inject
    private Stores stores;

    private static List<Parameter> with(List<Parameter> last, Parameter... first) {
        return Stream.concat(Stream.of(first), last.stream()).toList();
    }

    @Override
    public JobDefinition definition() {
        return DEFINITION;
    }

    @Override
    public Moves moves() {
        return Moves.IN_TURN;
    }

    @Override
    public void check(ProjectId project, Parameters parameters) {
        parameters.text(STORE).ifPresent(name -> stores.require("parameters." + STORE, name));
        Manifest.Kind kind = kind(parameters);
        DumpParameters.check(kind, parameters);
        parameters
                .text(COPIES)
                .ifPresent(list -> CopyJob.check(
                        stores,
                        "parameters." + COPIES,
                        list,
                        parameters.text(STORE).orElse(Stores.LOCAL)));
        String id = parameters.text(PARENT).orElse(null);
        if (id == null) {
            return;
        }
        if (!kind.changes()) {
            throw invalid(
                    "A " + kind.word() + " backup is built on no other: leave the parent out, or choose another kind.");
        }
        Backup parent = find(project, id).orElseThrow(() -> invalid("This project holds no backup of this id."));
        if (!parent.physical()) {
            throw invalid("This is a " + parent.kind().toLowerCase(Locale.ROOT) + " backup: nothing is built on it.");
        }
        if (kind == Manifest.Kind.DIFFERENTIAL && parent.parent() != null) {
            throw invalid("A differential backup is built on a full one; this one is "
                    + parent.kind().toLowerCase(Locale.ROOT) + ".");
        }
    }

    /** The kind that a run asks for; runs that were asked for before there was a choice want a full one. */
    static Manifest.Kind kind(Parameters parameters) {
        return parameters.text(KIND).flatMap(Manifest.Kind::of).orElse(Manifest.Kind.FULL);
    }

    private Optional<Backup> find(ProjectId project, String id) {
        try {
            return Optional.of(backups.get(project, UUID.fromString(id)));
        } catch (IllegalArgumentException | Failure.NotFound e) {
            return Optional.empty();
        }
    }

    private static Failure.Invalid invalid(String message) {
        return new Failure.Invalid("parameters." + PARENT, message);
    }
}
