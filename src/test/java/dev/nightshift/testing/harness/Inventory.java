package dev.nightshift.testing.harness;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.function.Predicate;
import java.util.stream.Stream;

/** What there is, as disk, processes and servers say it, whatever the product's catalogue says. */
public final class Inventory {
    /** Depth of a backup's folder: project, instance, backup. */
    private static final int DEPTH = 3;

    private final Nightshift nightshift;

    public Inventory(Nightshift nightshift) {
        this.nightshift = nightshift;
    }

    /** The whole backups of a project in the store: folders with a manifest, relative to the store. */
    public List<String> backups(String project) {
        return backupFolders(project, folder -> Files.exists(folder.resolve("manifest.json")));
    }

    /** What looks like a backup and is none. */
    public List<String> halfBackups(String project) {
        return backupFolders(project, folder -> !Files.exists(folder.resolve("manifest.json")));
    }

    private List<String> backupFolders(String project, Predicate<Path> which) {
        Path store = nightshift.data().resolve("store");
        return walk(store.resolve(project)).stream()
                .filter(Files::isDirectory)
                .filter(folder -> store.relativize(folder).getNameCount() == DEPTH)
                .filter(which)
                .map(folder -> store.relativize(folder).toString())
                .toList();
    }

    /** Objects of any project that were begun and not completed. */
    public List<Path> halfObjects() {
        return walk(nightshift.data().resolve("store")).stream()
                .filter(file -> file.toString().endsWith(".partial"))
                .toList();
    }

    /** Command lines of the processes that work in a sandbox. */
    public List<String> sandboxProcesses() {
        return Processes.withArgument(nightshift.data().resolve("sandbox").toString()).stream()
                .map(Processes::commandLine)
                .toList();
    }

    /** Sandboxes and their registrations. */
    public List<Path> sandboxFolders() {
        Path folder = nightshift.data().resolve("sandboxes");
        return walk(folder).stream()
                .filter(each -> folder.equals(each.getParent()))
                .toList();
    }

    /** Folders below the restore root that a restore has begun to fill and not finished. */
    public List<Path> halfRestores() {
        return walk(nightshift.data().resolve("restore")).stream()
                .filter(file -> file.endsWith(".nightshift-restore"))
                .toList();
    }

    /** Slots on a source. */
    public static List<String> slots(Postgres source) {
        return column(source, "select slot_name from pg_replication_slots order by 1");
    }

    /** Who receives a source's log or files. */
    public static List<String> walSenders(Postgres source) {
        return column(source, "select application_name || ' ' || state from pg_stat_replication order by 1");
    }

    private static List<String> column(Postgres source, String query) {
        try (Connection connection = source.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            List<String> values = new java.util.ArrayList<>();
            while (rows.next()) {
                values.add(rows.getString(1));
            }
            return values;
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Fails unless all runs are over without a trace but their results. */
    public void nothingIsStray(Postgres source) {
        assertAll(
                () -> assertEquals(List.of(), slots(source), "slots on the source"),
                () -> Eventually.isTrue(
                        "no replication session on the source",
                        Duration.ofSeconds(30),
                        () -> walSenders(source).isEmpty()),
                () -> assertEquals(List.of(), sandboxProcesses(), "sandbox processes"),
                () -> assertEquals(List.of(), sandboxFolders(), "sandbox folders"),
                () -> assertEquals(List.of(), halfRestores(), "restores that were not finished"),
                () -> assertEquals(List.of(), halfObjects(), "half objects"));
    }

    /** Every file below these folders with the SHA-256 of its content. */
    public static Map<Path, String> files(Path... folders) throws IOException {
        Map<Path, String> files = new TreeMap<>();
        for (Path folder : folders) {
            for (Path file : walk(folder)) {
                if (Files.isRegularFile(file)) {
                    files.put(file, sha256(Files.readAllBytes(file)));
                }
            }
        }
        return files;
    }

    private static String sha256(byte[] content) {
        try {
            return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(content));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Everything below a folder, sorted; nothing if there is no such folder. */
    private static List<Path> walk(Path folder) {
        if (!Files.isDirectory(folder)) {
            return List.of();
        }
        try (Stream<Path> files = Files.walk(folder)) {
            return files.sorted().toList();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
