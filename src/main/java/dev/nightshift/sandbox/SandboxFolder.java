package dev.nightshift.sandbox;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/**
 * The folders of one sandbox, each of which the server sees at this same path. What is prepared for it goes into the first
 * three. Data folder, tablespaces and socket are the server's to write, and nothing that lies in them is trusted again once
 * it has run: it may have put links there.
 *
 * @param path holds all of them, and is not seen by the server
 */
public record SandboxFolder(Path path) {
    private static final String SOCKET_FILE = ".s.PGSQL.5432";

    /** A Unix socket's path in bytes without its closing zero (unix(7)). */
    static final int SOCKET_PATH_LIMIT = 107;

    /** What a sandbox's folder may have of them; what follows is ASCII. */
    static final int LONGEST = SOCKET_PATH_LIMIT - ("/socket/" + SOCKET_FILE).length();

    /**
     * Makes them.
     *
     * @throws NotPossibleHere if the path is too long for a socket
     */
    void make() throws IOException {
        for (Path each : List.of(data(), tablespaces(), wal(), configuration(), socket(), root(), outputs())) {
            Files.createDirectories(each);
        }
        // The server's user has to come through, whatever umask Nightshift runs under; the folder of all sandboxes is
        // closed to everybody else.
        for (Path each : List.of(path, configuration())) {
            Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwx--x--x"));
        }
        for (Path each : List.of(data(), socket(), outputs())) {
            Files.setPosixFilePermissions(each, PosixFilePermissions.fromString("rwx------"));
        }
        if (path.toString().getBytes(StandardCharsets.UTF_8).length > LONGEST) {
            throw new NotPossibleHere(
                    "The socket's path " + socketFile() + " is longer than " + SOCKET_PATH_LIMIT + " bytes.",
                    "Set NIGHTSHIFT_DATA to a shorter path.");
        }
    }

    /** The cluster's data folder. */
    public Path data() {
        return path.resolve("data");
    }

    /** A tablespace's own folder, by the number it has in pg_tblspc. */
    public Path tablespace(long oid) {
        return path.resolve("tablespaces").resolve(Long.toString(oid));
    }

    /** Complete WAL segments and timeline histories under their own names, for the sandbox's restore_command. */
    public Path wal() {
        return path.resolve("wal");
    }

    /**
     * What a program beside the server writes for whoever made the sandbox. The server does not see it, but that program has
     * talked with it: open it as no link.
     */
    public Path output() {
        return outputs().resolve("output");
    }

    /** Where programs beside the server write, and it does not. */
    Path outputs() {
        return path.resolve("output");
    }

    /** postgresql.conf, pg_hba.conf and pg_ident.conf of ours, which the server only reads. */
    Path configuration() {
        return path.resolve("conf");
    }

    Path socket() {
        return path.resolve("socket");
    }

    /** What the server makes in it, on the port that it is given. */
    Path socketFile() {
        return socket().resolve(SOCKET_FILE);
    }

    /** The server's log, which is handed to it open. */
    Path log() {
        return path.resolve("server.log");
    }

    /** Where the private root is mounted while the walls are built; on the host always empty. */
    Path root() {
        return path.resolve("root");
    }

    Path tablespaces() {
        return path.resolve("tablespaces");
    }
}
