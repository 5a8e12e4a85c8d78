package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** The files of an embedded cluster: created once by initdb, its settings and access rules written at each start. */
final class ClusterFolder {
    private static final String OWN_CONFIGURATION = "nightshift.conf";

    /** Longest path of a Unix socket, less the file's name, on the systems we know (104 bytes on macOS, 108 on Linux). */
    private static final int SOCKET_FOLDER_LIMIT = 80;

    private final EmbeddedCluster.Options options;
    private final Path data;
    private final Path log;

    private ClusterFolder(EmbeddedCluster.Options options) {
        this.options = options;
        this.data = options.folder().resolve("data");
        this.log = options.folder().resolve("server.log");
    }

    /**
     * The folder with a cluster in it, created if there is none.
     *
     * @throws Failure.Fatal if it cannot be created, or is of another version than the programs
     */
    static ClusterFolder prepare(Binaries binaries, EmbeddedCluster.Options options) throws IOException {
        Folders.createPrivate(options.folder());
        ClusterFolder folder = new ClusterFolder(options);
        if (!Files.exists(folder.data.resolve("PG_VERSION"))) {
            folder.create(binaries);
        }
        folder.refuseOtherVersion(binaries);
        return folder;
    }

    /** The data folder, as in the server's setting data_directory. */
    Path data() {
        return data;
    }

    /** The server's log: appended to at each start. */
    Path log() {
        return log;
    }

    /** Creates beside and renames: a kill in the middle leaves nothing that looks like a cluster. */
    private void create(Binaries binaries) throws IOException {
        Path fresh = options.folder().resolve("data.new");
        Folders.delete(fresh);
        Path passwordFile = Files.createTempFile(
                options.folder(),
                "new",
                ".pw",
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
        try {
            Files.writeString(passwordFile, options.password() + "\n");
            Programs.Result result = initdb(binaries, fresh, passwordFile, "C.UTF-8");
            if (result.exit() != 0 && result.output().contains("locale")) {
                Folders.delete(fresh); // no C.UTF-8 on this system; same order and encoding, plainer character classes
                result = initdb(binaries, fresh, passwordFile, "C");
            }
            if (result.exit() != 0) {
                throw new Failure.Fatal(
                        "The database cluster in " + options.folder() + " could not be created: " + result.output(),
                        "Check free space and that this user may create user namespaces, or start as an ordinary user.",
                        null);
            }
        } finally {
            Files.deleteIfExists(passwordFile);
        }
        Files.writeString(
                fresh.resolve("postgresql.conf"), "\ninclude '" + OWN_CONFIGURATION + "'\n", StandardOpenOption.APPEND);
        Files.move(fresh, data, StandardCopyOption.ATOMIC_MOVE);
    }

    private Programs.Result initdb(Binaries binaries, Path folder, Path passwordFile, String locale) {
        return Programs.run(
                List.of(
                        binaries.program("initdb").toString(),
                        "--pgdata=" + folder,
                        "--username=" + options.superuser(),
                        "--pwfile=" + passwordFile,
                        "--auth=scram-sha-256",
                        "--encoding=UTF8",
                        "--locale=" + locale,
                        "--data-checksums"),
                options.deadline());
    }

    private void refuseOtherVersion(Binaries binaries) throws IOException {
        String version = Files.readString(data.resolve("PG_VERSION")).strip();
        if (!version.equals(Integer.toString(binaries.major()))) {
            throw new Failure.Fatal(
                    "The cluster in " + data + " is of PostgreSQL " + version + ", the programs are of "
                            + binaries.major() + ".",
                    "Upgrade it with pg_upgrade, or start it with the programs of its own version.",
                    null);
        }
    }

    /** Writes the settings and access rules; true if they are other than before. */
    boolean configure(int port) throws IOException {
        Map<String, String> settings = new LinkedHashMap<>();
        settings.put("port", Integer.toString(port));
        settings.put("listen_addresses", "127.0.0.1");
        settings.put("unix_socket_directories", socketFolder());
        settings.put("fsync", "on");
        settings.put("synchronous_commit", "on");
        settings.put("full_page_writes", "on");
        settings.put("password_encryption", "scram-sha-256");
        settings.put("timezone", "UTC");
        settings.put("log_timezone", "UTC");
        settings.put("log_line_prefix", "%m [%p] %q%u@%d ");
        settings.putAll(new TreeMap<>(options.settings()));
        StringBuilder text = new StringBuilder("# Written at each start; changes here are lost.\n");
        settings.forEach((name, value) -> text.append(name)
                .append(" = '")
                .append(value.replace("'", "''"))
                .append("'\n"));
        boolean changed = replace(data.resolve(OWN_CONFIGURATION), text.toString());
        return replace(data.resolve("pg_hba.conf"), String.join("\n", options.accessRules()) + "\n") || changed;
    }

    private String socketFolder() throws IOException {
        Path folder = options.folder().resolve("socket");
        if (folder.toString().getBytes(StandardCharsets.UTF_8).length > SOCKET_FOLDER_LIMIT) {
            return ""; // TCP alone
        }
        return Folders.createPrivate(folder).toString();
    }

    private static boolean replace(Path file, String text) throws IOException {
        if (Files.exists(file) && Files.readString(file).equals(text)) {
            return false;
        }
        Files.writeString(file, text);
        return true;
    }

    /** The log's last lines. */
    String endOfLog() throws IOException {
        List<String> lines = Files.exists(log) ? Files.readAllLines(log) : List.of();
        return String.join("\n", lines.subList(Math.max(0, lines.size() - 8), lines.size()));
    }
}
