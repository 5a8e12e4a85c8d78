package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.backup.evidence.Budget;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.take.BackupRequest;
import dev.nightshift.backup.take.DumpRequest;
import dev.nightshift.backup.take.TakeLogicalBackup;
import dev.nightshift.backup.take.TakePhysicalBackup;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.ClientTools;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.sandbox.Sandboxes;
import dev.nightshift.testing.Postgres;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.extension.AfterEachCallback;
import org.junit.jupiter.api.extension.ExtensionContext;

/** Real backups in a store of a test's own, and sandboxes to prove them in, laid out as in Nightshift's data folder. */
public final class Drills implements AfterEachCallback {
    private final ProjectKeys keys = ProjectKeys.generate(new ProjectId(UUID.randomUUID()));
    private final Path folder;
    private final FolderStore store;
    private final Sandboxes sandboxes;

    public Drills(Path folder) {
        this.folder = folder;
        this.store = new FolderStore(store());
        this.sandboxes = new Sandboxes(sandboxes(), Set.of(store(), folder.resolve("secrets")), Clock.system());
    }

    /** What is done to the source while it is backed up. */
    public interface Change {
        void make() throws SQLException;
    }

    /** Makes the change when such a phase begins first. */
    private static final class Listener implements BackupProgress {
        private final @Nullable Phase when;
        private final Change change;
        private boolean seen;

        Listener(@Nullable Phase when, Change change) {
            this.when = when;
            this.change = change;
        }

        @Override
        public void phase(Phase phase) {
            if (!seen && phase == when) {
                seen = true;
                try {
                    change.make();
                } catch (SQLException e) {
                    throw new IllegalStateException(e);
                }
            }
        }

        @Override
        public void bytes(long done, long estimated) {}

        @Override
        public void note(String message) {}
    }

    public Path store() {
        return folder.resolve("store");
    }

    Path sandboxes() {
        return folder.resolve("sandboxes");
    }

    /** A backup with the evidence of database postgres, by the superuser; the change is made when the files are copied. */
    public Manifest take(Postgres source, Change change) {
        return take(
                source,
                Endpoint.local(source.port(), "postgres", source.user(), source::password),
                BackupProgress.Phase.LOG,
                change);
    }

    /** The same as another role, for the endpoint's database, with the change at the first of such phases. */
    Manifest take(Postgres source, Endpoint endpoint, BackupProgress.Phase when, Change change) {
        BackupRequest request = new BackupRequest(
                endpoint,
                List.of(endpoint.database()),
                keys.project(),
                "shop",
                "main",
                UUID.randomUUID(),
                null,
                BackupRequest.Options.defaults(),
                Map.of());
        BackupProgress progress = new Listener(when, change);
        return new TakePhysicalBackup(store, keys, Clock.system(), request, progress).run();
    }

    /** A logical backup of a whole database, by these programs, with the evidence of its rows. */
    Manifest dump(Postgres source, String database, ClientTools tools) throws SQLException {
        DumpRequest request = new DumpRequest(
                Endpoint.local(source.port(), database, source.user(), source::password),
                "shop",
                keys.project(),
                "shop",
                "main",
                UUID.randomUUID(),
                systemIdentifier(source),
                Manifest.Kind.LOGICAL,
                DumpSelection.ALL,
                tools,
                BackupRequest.Options.defaults().partBytes(),
                0,
                Duration.ofMinutes(1),
                Budget.STANDARD);
        return new TakeLogicalBackup(store, keys, Clock.system(), request, new Listener(null, () -> {})).run();
    }

    private static String systemIdentifier(Postgres server) throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select system_identifier from pg_control_system()")) {
            row.next();
            return row.getString(1);
        }
    }

    StoredMaterial material(Manifest manifest) {
        return new StoredMaterial(reader(manifest));
    }

    public BackupReader reader(Manifest manifest) {
        return BackupReader.open(store, manifest.folder(), keys.export());
    }

    Proof prove(Postgres source, Provable material, ProofOptions options, ProofWatch watch) {
        List<Path> programs = List.of(source.cluster().binaries().bin());
        return new ProveBackup(sandboxes, programs, Clock.system()).run(material, options, watch);
    }

    /** Of a test that registers this as an extension. */
    @Override
    public void afterEach(ExtensionContext test) throws IOException {
        assertNothingIsLeft();
    }

    /** Every sandbox is gone, and its registration. */
    void assertNothingIsLeft() throws IOException {
        if (Files.exists(sandboxes())) {
            try (Stream<Path> left = Files.list(sandboxes())) {
                assertEquals(List.of(), left.toList());
            }
        }
    }
}
