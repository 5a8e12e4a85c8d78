package dev.nightshift.sandbox;

import java.nio.file.Path;

/**
 * The folders of one sandbox. What a person prepares goes into the first three.
 *
 * @param path holds all of them; the server sees it at this same path
 */
public record SandboxFolder(Path path) {
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

    /** postgresql.conf, pg_hba.conf and pg_ident.conf of ours, which the server only reads. */
    Path configuration() {
        return path.resolve("conf");
    }

    Path socket() {
        return path.resolve("socket");
    }

    /** The server's log; it is opened before the server loses its rights, which cannot open it anew. */
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
