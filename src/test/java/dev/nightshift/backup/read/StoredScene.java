package dev.nightshift.backup.read;

import dev.nightshift.backup.evidence.Budget;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.take.BackupRequest;
import dev.nightshift.backup.take.DumpRequest;
import dev.nightshift.backup.take.Increment;
import dev.nightshift.backup.take.TakeLogicalBackup;
import dev.nightshift.backup.take.TakePhysicalBackup;
import dev.nightshift.backup.wal.StoreSegment;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.ClientTools;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Postgres;
import dev.nightshift.vault.BackupKeys;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.UUID;

/** A server's backups and its log in a store, and how they are restored by the engine alone. */
public final class StoredScene {
    /** Small enough for an archive to be several objects. */
    private static final int PART = 8 << 20;

    private static final int SEGMENT = 16 << 20;
    private final ProjectKeys keys = ProjectKeys.generate(new ProjectId(UUID.randomUUID()));
    private final Store store;
    private final Postgres source;

    public StoredScene(Store store, Postgres source) {
        this.store = store;
        this.source = source;
    }

    public BackupKeys keys() {
        return keys.export();
    }

    public Manifest full() {
        return new TakePhysicalBackup(store, keys, Clock.system(), request(), BackupProgress.NONE).run();
    }

    /** What changed since. */
    public Manifest incremental(Manifest base) {
        byte[] list = BackupReader.open(store, base.folder(), keys.export()).fileList();
        var against = new Increment.Base(
                base.backup(),
                base.position().start(),
                base.source().timeline(),
                base.checksums().enabled(),
                () -> list);
        BackupRequest request = request().withIncrement(Increment.to(Manifest.Kind.INCREMENTAL, against));
        return new TakePhysicalBackup(store, keys, Clock.system(), request, BackupProgress.NONE).run();
    }

    private BackupRequest request() {
        return new BackupRequest(
                Endpoint.local(source.port(), "postgres", source.user(), source::password),
                List.of("postgres"),
                keys.project(),
                "shop",
                "main",
                UUID.randomUUID(),
                null,
                BackupRequest.Options.defaults().withCompressOnServer(false).withPartBytes(PART),
                Map.of());
    }

    /** A logical one of the database postgres, by the tools of the machine. */
    public Manifest dump(String systemIdentifier) {
        var request = new DumpRequest(
                Endpoint.local(source.port(), "postgres", source.user(), source::password),
                "main",
                keys.project(),
                "shop",
                "main",
                UUID.randomUUID(),
                systemIdentifier,
                Manifest.Kind.LOGICAL,
                DumpSelection.ALL,
                ClientTools.require(15, List.of()),
                1 << 20,
                0,
                Duration.ofMinutes(1),
                Budget.STANDARD);
        return new TakeLogicalBackup(store, keys, Clock.system(), request, BackupProgress.NONE).run();
    }

    /** An archive with nothing in it but its description. */
    public WalFolder archive(Manifest of) {
        UUID id = UUID.randomUUID();
        WalFolder archive = new WalFolder(
                keys.project(),
                "shop",
                "main",
                id,
                of.source().systemIdentifier(),
                SEGMENT,
                Instant.EPOCH,
                keys.wrap(keys.newDataKey(), id));
        archive.begin(store, keys);
        return archive;
    }

    /** Stores all segments from here on that the server has ended. */
    public void archive(WalFolder archive, Lsn from, Lsn to, StoreSegment.Catalogue catalogue) throws IOException {
        var opened = WalFolder.open(store, archive.folder(), keys.export());
        for (Lsn at = from.segmentStart(SEGMENT); at.compareTo(to) < 0; at = at.plus(SEGMENT)) {
            byte[] content = segment(at);
            new StoreSegment(opened).store(1, at, content, content.length, catalogue);
        }
    }

    /** As the server has it. */
    public byte[] segment(Lsn at) throws IOException {
        return Files.readAllBytes(source.cluster().data().resolve("pg_wal").resolve(at.segmentName(1, SEGMENT)));
    }

    /** Ends a segment, and answers where the log is then. */
    public Lsn switched() throws SQLException {
        try (var connection = source.connect("postgres");
                var statement = connection.createStatement();
                var row = statement.executeQuery("select pg_switch_wal()")) {
            row.next();
            return Lsn.parse(row.getString(1)).segmentStart(SEGMENT).plus(SEGMENT);
        }
    }

    /** The backup by itself. */
    public void restore(Manifest backup, BackupKeys by, Path data) {
        BackupReader reader = BackupReader.open(store, backup.folder(), by);
        reader.materialise(destination(backup, data), BackupProgress.NONE);
    }

    /** Up to the end of the archived log. */
    public void restore(Manifest backup, WalFolder archive, BackupKeys by, Path data) {
        BackupReader reader = BackupReader.open(store, backup.folder(), by);
        StoredLog log = StoredLog.of(WalFolder.open(store, archive.folder(), by));
        var target = new RecoveryTarget(new RecoveryTarget.Latest(), null);
        RecoveryPlan.Outcome outcome =
                new RecoveryPlanner(List.of(RecoveryPlan.Candidate.of(reader.manifest())), log).plan(target);
        if (!(outcome instanceof RecoveryPlan.Planned planned)) {
            throw new AssertionError(outcome);
        }
        reader.materialise(
                destination(backup, data), new Recovery(planned.plan(), log), BackupProgress.NONE, whole -> {});
    }

    private static Destination destination(Manifest backup, Path data) {
        return Destination.beside(data, backup.tablespaces()).withDurable(false);
    }
}
