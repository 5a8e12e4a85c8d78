package dev.nightshift.testing;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.ExportedKeys;
import dev.nightshift.vault.WrappedKey;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.InputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.Arrays;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/** How the log of an instance is archived, over REST, and what is stored of it. */
public record TestArchive(TestProject project, String instance) {
    private static final Duration SOON = Duration.ofSeconds(90);

    /** Of a server that keeps all that it writes, so that it can be compared. */
    public static final Map<String, String> KEEPS =
            Map.of("max_wal_senders", "6", "max_replication_slots", "6", "wal_keep_size", "1GB");

    /** As often as can be. */
    public static JsonObjectBuilder on() {
        return Json.createObjectBuilder().add("enabled", true).add("pieceSeconds", 5);
    }

    public void change(JsonObjectBuilder body) {
        project.api()
                .put(project.path("instances/" + instance + "/wal"), body.build())
                .expect(200);
    }

    /** Switches it off, and waits until the server keeps nothing any more. */
    public void off() {
        change(Json.createObjectBuilder().add("enabled", false));
        awaitState("OFF");
    }

    /** Has it try again soon where it waits for longer and longer. */
    public void hurry() {
        change(Json.createObjectBuilder().add("pieceSeconds", wal().getInt("pieceSeconds") == 5 ? 6 : 5));
    }

    public JsonObject wal() {
        return project.api()
                .get(project.path("instances/" + instance + "/wal"))
                .expect(200)
                .object();
    }

    /** The newest stretch. */
    public JsonObject newest() {
        return wal().getJsonArray("stretches").getJsonObject(0);
    }

    public void awaitState(String state) {
        try {
            Eventually.isTrue(state, SOON, () -> wal().getString("state").equals(state));
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ": " + wal(), e);
        }
    }

    /** Waits until it fails, and says so; answers what it says. */
    public String awaitFailure(String words) {
        try {
            return Eventually.get(
                    "a failure",
                    SOON,
                    () -> Optional.of(wal())
                            .filter(each -> each.getString("state").equals("FAILING"))
                            .map(each -> each.getString("message"))
                            .filter(message -> message.contains(words)));
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ": " + wal(), e);
        }
    }

    /** Waits until all that was committed before now is known to be stored; answers where the newest stretch begins. */
    public String awaitCovered() {
        String from = newest().getString("from");
        Instant now = Instant.now();
        try {
            Eventually.isTrue(
                    "the moment",
                    SOON,
                    () -> !newest().isNull("coveredTo")
                            && Instant.parse(newest().getString("coveredTo")).isAfter(now));
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + ": " + wal(), e);
        }
        return from;
    }

    /** The open finding about the instance whose title has these words. */
    public Optional<JsonObject> finding(String words) {
        return project.api().get(project.path("findings?state=OPEN&limit=100")).expect(200).items().stream()
                .filter(each -> each.getString("title").contains(instance)
                        && each.getString("title").contains(words))
                .findFirst();
    }

    /** What is stored of the log. */
    public ArchivedLog stored(Path store, ExportedKeys keys) {
        return StoredLog.of(WalFolder.open(new FolderStore(store), wal().getString("location"), keys));
    }

    /**
     * What the data keys of the archive and of these backups lead to where all else is the same: fewer than there are of both, if two
     * share a key.
     */
    public Set<String> dataKeys(Path store, ExportedKeys keys, String... backups) {
        FolderStore stored = new FolderStore(store);
        WalFolder log =
                WalFolder.open(stored, wal().getString("location"), keys).description();
        Set<String> derived = new HashSet<>(Set.of(derived(keys, log.key(), log.id())));
        for (String each : backups) {
            Manifest manifest = BackupReader.peek(stored, project.backup(each).getString("location"));
            derived.add(derived(keys, manifest.key(), manifest.backup()));
        }
        return derived;
    }

    private static String derived(ExportedKeys keys, WrappedKey key, UUID of) {
        return HexFormat.of().formatHex(keys.open(key, of).derive(new byte[0], "one purpose"));
    }

    /** Compares every segment that the server still has with what is stored of it; answers how many there were. */
    public static int sameAsOfServer(ArchivedLog log, Postgres source) throws Exception {
        Path folder = source.data().resolve("pg_wal");
        int compared = 0;
        for (ArchivedLog.Stretch stretch : log.stretches()) {
            for (Lsn at = stretch.from(); at.compareTo(stretch.to()) < 0; at = at.plus(log.segmentBytes())) {
                Path file = folder.resolve(at.segmentName(stretch.timeline(), log.segmentBytes()));
                if (!Files.exists(file)) {
                    file = file.resolveSibling(file.getFileName() + ".partial");
                }
                byte[] stored;
                try (InputStream in = log.open(stretch.timeline(), at)) {
                    stored = in.readAllBytes();
                }
                byte[] written = Files.readAllBytes(file);
                assertArrayEquals(Arrays.copyOf(written, stored.length), stored, file + ", " + stretch);
                compared++;
            }
        }
        return compared;
    }

    /** Has the server write segments. */
    public static void fill(Postgres source, String table, int segments) throws SQLException {
        for (int i = 0; i < segments; i++) {
            source.execute(
                    "postgres",
                    "create table " + table + i
                            + " as select id, md5(id::text) as note from generate_series(1, 100000) id",
                    "select pg_switch_wal()");
        }
        source.execute("postgres", "create table " + table + "_last as select 1 as id");
    }

    /** What a query answers that answers one text. */
    public static String text(Postgres source, String sql) throws SQLException {
        try (Connection connection = source.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    /** Lets no replication session of the role {@code archiver} in, and ends those there are; or lets them in again. */
    public static void refuseReplication(Postgres source, boolean refuse) throws Exception {
        Path rules = Path.of(text(source, "show hba_file"));
        String reject = "host replication archiver all reject\n";
        String now = Files.readString(rules);
        Files.writeString(rules, refuse ? reject + now : now.replace(reject, ""));
        source.execute(
                "postgres",
                "select pg_reload_conf()",
                "select pg_terminate_backend(pid) from pg_stat_replication where usename = 'archiver'");
    }

    /** Waits until a standby has replayed all that its primary has written by now. */
    public static void awaitReplay(Postgres source, Postgres standby) throws SQLException {
        String at = text(source, "select pg_current_wal_insert_lsn()::text");
        Eventually.isTrue("the standby's replay of " + at, SOON, () -> {
            try {
                return text(standby, "select (pg_last_wal_replay_lsn() >= '" + at + "')::text")
                        .equals("true");
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
    }
}
