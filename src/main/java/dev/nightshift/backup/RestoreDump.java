package dev.nightshift.backup;

import dev.nightshift.backup.proof.DrillGround;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.SavedDatabase;
import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.postgres.ClientTools;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.io.IOException;
import java.io.InputStream;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Locale;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** Restores a logical backup into a new database of a registered server. */
@ApplicationScoped
class RestoreDump {
    @Inject
    private Backups backups;

    @Inject
    private BackupSources sources;

    @Inject
    private BackupLeases leases;

    @Inject
    private Keyring keyring;

    @Inject
    private FillDatabase databases;

    @Inject
    private DrillGround ground;

    /** A stored dump. */
    private record Stored(BackupReader reader) implements FillDatabase.Dump {
        @Override
        public InputStream open() throws IOException {
            return reader.dump();
        }

        @Override
        public long bytes() {
            return reader.manifest().figures().bytesRead();
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
        Backup backup = RestoreBackup.chosen(backups, target);
        RestoreJob.requireLogical(backup);
        FillDatabase.Place place = databases.place(target);
        FillDatabase.Content content = content(place, backup);
        FillDatabase.Ready ready = databases.ready(place, content);
        target.info("Restoring the " + backup.kind().toLowerCase(Locale.ROOT) + " backup of database "
                + String.join(", ", backup.databases()) + " taken at "
                + backup.takenAt().truncatedTo(ChronoUnit.SECONDS) + " into the new database " + place.name()
                + " of " + place.instance().name() + ", by pg_restore "
                + content.tools().number() + ".");
        target.done(RestoreJob.CHECK, null);
        RestoreJob.skipSandbox(target);

        target.begin(RestoreJob.RESTORE);
        long bytes = databases.fill(place, content, ready, FillDatabase.Look.NONE);
        target.done(RestoreJob.RESTORE, new Bytes(bytes).toString());
        databases.tell(place, content.saved(), bytes, "settings/" + Manifest.Dump.ROLES + " in the backup");
        target.skipped(RestoreJob.COMPARE, "A drill of the backup compares its rows.");
    }

    private FillDatabase.Content content(FillDatabase.Place place, Backup backup) {
        TargetRun target = place.target();
        BackupReader reader = open(target, backup);
        BackupReader definitions = target.parameters()
                .text(RestoreJob.DEFINITIONS)
                .map(id -> open(target, RestoreJob.known(backups, target.project(), id)))
                .orElse(null);
        BackupReader first = definitions == null ? reader : definitions;
        Manifest.Dump dump = Objects.requireNonNull(first.manifest().dump());
        SavedDatabase saved = SavedDatabase.of(first);
        int tool = Objects.requireNonNull(reader.manifest().dump()).toolMajor();
        return new FillDatabase.Content(
                saved,
                dump.carried(),
                dump.carried().tables().stream()
                        .map(DumpSelection.Table::schema)
                        .distinct()
                        .map(schema -> new DumpNeeds.Schema(schema, null, List.of()))
                        .toList(),
                dump.selection().extensions() ? saved.extensions() : List.of(),
                ClientTools.forRestore(place.major(), tool, ground.programs()),
                passes(place, reader, definitions));
    }

    /** Rows alone go in between the tables and what is built on them. */
    private static List<FillDatabase.Pass> passes(
            FillDatabase.Place place, BackupReader reader, @Nullable BackupReader definitions) {
        Stored dump = new Stored(reader);
        if (definitions == null) {
            return List.of(FillDatabase.Pass.whole(place, dump));
        }
        Stored schema = new Stored(definitions);
        return List.of(
                new FillDatabase.Pass(schema, List.of("--section=pre-data"), false),
                new FillDatabase.Pass(dump, List.of(), true),
                new FillDatabase.Pass(schema, List.of("--section=post-data"), false));
    }

    private BackupReader open(TargetRun target, Backup backup) {
        BackupSources.Source source = sources.open(
                target.project(),
                backup,
                BackupSources.Reading.in(
                        target.parameters().text(PointParameters.FROM).orElse(null), BackupSources.Reading.ANYWHERE),
                keyring.of(target.project()),
                target::warn);
        leases.read(target, source.store(), backup);
        return source.reader();
    }
}
