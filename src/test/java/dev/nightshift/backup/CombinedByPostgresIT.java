package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.Stock17;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.ByHand;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.io.InputStream;
import java.nio.file.FileVisitOption;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Stream;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/** Chains that were decoded without Nightshift: PostgreSQL's own programs find them whole and join them to what it restores. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class CombinedByPostgresIT {
    /** Ours says how the restored server differs from the source; the list names that, and its own time. */
    private static final List<String> DIFFERENT = List.of("postgresql.auto.conf", "backup_manifest");

    private final Nightshift nightshift = Nightshift.shared();
    private final Map<String, Path> decoded = new TreeMap<>();
    private final List<String> chain = new ArrayList<>();
    private TestProject project;
    private Postgres source;
    private String differential;

    @BeforeAll
    void aChainDecodedByHand(@TempDir Path work) throws Exception {
        project = TestProject.create(nightshift.admin(), "combined");
        source = Postgres.start(
                17, Map.of("wal_level", "replica", "max_wal_senders", "6", "summarize_wal", "on", "autovacuum", "off"));
        fill(Files.createDirectory(work.resolve("side")));
        project.register("combined", source, "shop");
        chain.add(take("full"));
        source.execute(
                "shop",
                "insert into item select id, 'new' from generate_series(60001, 65000) id",
                "update spaced set note = 'changed' where id < 100",
                "truncate going",
                "create table later as select id, md5(id::text) as note from generate_series(1, 5000) id");
        chain.add(take("incremental"));
        source.execute(
                "shop",
                "update item set note = 'second' where id % 97 = 0",
                "drop table later",
                "insert into going select id, 'again' from generate_series(1, 300) id",
                "vacuum full spaced");
        chain.add(take("incremental"));
        differential = take("differential");

        Path key = project.recoveryKey(work);
        for (String backup :
                Stream.concat(chain.stream(), Stream.of(differential)).toList()) {
            Path stored = nightshift
                    .data()
                    .resolve("store")
                    .resolve(project.backup(backup).getString("location"));
            Path folder = Files.createDirectory(work.resolve(backup));
            ByHand.decode(stored, key, folder.resolve("decoded")).succeeded();
            decoded.put(backup, ByHand.assemble(folder.resolve("decoded"), folder));
        }
    }

    @AfterAll
    void stop() {
        source.close();
    }

    private void fill(Path space) throws SQLException {
        source.execute("postgres", "create database shop", "create tablespace side location '" + space + "'");
        source.execute(
                "shop",
                "create table item as select id, md5(id::text) as note from generate_series(1, 60000) id",
                "create index item_id on item (id)",
                "create table going as select id, md5(id::text) as note from generate_series(1, 12000) id",
                "create table spaced tablespace side as select id, md5(id::text) as note from generate_series(1, 20000) id",
                "vacuum");
    }

    private String take(String kind) {
        return IncrementalRefusedIT.figures(
                        project.complete("backup", "combined", IncrementalRefusedIT.asked(kind, null)))
                .getString("backup");
    }

    @Test
    void pgVerifybackupFindsEachBackupOfTheChainWholeItsLogToo() throws IOException {
        for (Path each : decoded.values()) {
            String said = Stock17.run("pg_verifybackup", "--exit-on-error", each.toString())
                    .succeeded()
                    .output();
            assertTrue(said.contains("backup successfully verified"), said);
        }
    }

    @Test
    void pgCombinebackupJoinsThemFileByFileToWhatIsRestored(@TempDir Path work) throws IOException {
        same(chain, work.resolve("incremental"));
        same(List.of(chain.get(0), differential), work.resolve("differential"));
    }

    private void same(List<String> backups, Path work) throws IOException {
        Path joined = join(backups, work);
        String last = backups.get(backups.size() - 1);
        Path folder = nightshift.data().resolve("restore").resolve("combined-" + last);
        project.complete(
                "restore",
                "combined",
                Json.createObjectBuilder()
                        .add("backup", last)
                        .add("folder", folder.toString())
                        .build());
        Map<String, String> ours = files(folder, true);
        Map<String, String> theirs = files(joined, false);
        assertAll(
                () -> assertEquals(Set.of(), differing(theirs, ours)),
                () -> assertTrue(ours.size() > 700, ours.size() + " files"),
                () -> assertEquals(Set.of(), differing(listed(joined), listed(folder))));
    }

    private static Set<String> differing(Map<String, String> one, Map<String, String> other) {
        Set<String> paths = new TreeSet<>(one.keySet());
        paths.addAll(other.keySet());
        paths.removeIf(path -> Objects.equals(one.get(path), other.get(path)));
        return paths;
    }

    private Path join(List<String> backups, Path work) throws IOException {
        Path joined = work.resolve("joined");
        Files.createDirectories(work);
        List<String> arguments = new ArrayList<>();
        for (String backup : backups) {
            arguments.add(decodedOf(backup).toString());
        }
        arguments.addAll(List.of("-o", joined.toString()));
        // The tablespace of the last one goes with the joined cluster
        Path spaces = decodedOf(backups.get(backups.size() - 1)).resolveSibling("tablespaces");
        try (Stream<Path> each = Files.list(spaces)) {
            for (Path space : each.toList()) {
                arguments.addAll(List.of("-T", space + "=" + work.resolve("space-" + space.getFileName())));
            }
        }
        Processes.Result said = Stock17.run("pg_combinebackup", arguments.toArray(String[]::new))
                .succeeded();
        assertEquals("", said.output(), "it has nothing to warn of");
        return joined;
    }

    private Path decodedOf(String backup) {
        return Objects.requireNonNull(decoded.get(backup));
    }

    /** Content by path, of all but what has to differ. */
    private static Map<String, String> files(Path folder, boolean emptied) throws IOException {
        Map<String, String> found = new TreeMap<>();
        try (Stream<Path> files = Files.walk(folder, FileVisitOption.FOLLOW_LINKS)) {
            for (Path file : files.filter(Files::isRegularFile).toList()) {
                String path = folder.relativize(file).toString();
                if (path.endsWith("_vm")) {
                    // Changes to them are sent incompletely: ours are empty, so that nobody trusts a bit of them
                    assertTrue(!emptied || Files.size(file) == 0, path);
                } else if (!DIFFERENT.contains(path)) {
                    found.put(path, Files.size(file) + " " + digest(file));
                }
            }
        }
        return found;
    }

    private static String digest(Path file) throws IOException {
        CRC32C crc = new CRC32C();
        crc.update(Files.readAllBytes(file));
        return HexFormat.of().toHexDigits(crc.getValue());
    }

    /** What the backup's own list says of each file: of all but what has to differ. */
    private static Map<String, String> listed(Path folder) throws IOException {
        Map<String, String> listed = new TreeMap<>();
        try (InputStream text = Files.newInputStream(folder.resolve("backup_manifest"));
                JsonReader reader = Json.createReader(text)) {
            for (JsonObject file : reader.readObject().getJsonArray("Files").getValuesAs(JsonObject.class)) {
                String path = file.getString("Path");
                // The joined one's names the log that lay in the last backup's folder too, without sums
                if (!DIFFERENT.contains(path) && !path.endsWith("_vm") && !path.startsWith("pg_wal/")) {
                    listed.put(path, file.getJsonNumber("Size") + " " + file.getString("Checksum"));
                }
            }
        }
        return listed;
    }
}
