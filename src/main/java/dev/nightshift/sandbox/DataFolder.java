package dev.nightshift.sandbox;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;

/** Turns what was restored into what a sandbox's server may start from. backup_label is never touched. */
final class DataFolder {
    private DataFolder() {}

    /**
     * Writes our configuration and takes the source's away, with everything that would say how and from where to recover.
     *
     * @throws NotPossibleHere if the folder is of another major version than the server
     * @throws Failure.Fatal if it is no data folder
     */
    static void prepare(SandboxFolder folder, ServerSettings settings) throws IOException {
        Path data = folder.data();
        Path version = data.resolve("PG_VERSION");
        if (!Files.isRegularFile(version)) {
            throw new Failure.Fatal("The restored folder is no data folder: PG_VERSION is missing.", null, null);
        }
        String major = Files.readString(version).strip();
        if (!major.equals(String.valueOf(settings.major()))) {
            throw new NotPossibleHere(
                    "The data folder is of PostgreSQL " + major + ", the server of " + settings.major() + ".",
                    "Use server programs of PostgreSQL " + major + ".");
        }
        Files.setPosixFilePermissions(data, PosixFilePermissions.fromString("rwx------"));
        aim(folder, settings);
        configure(folder, "postgresql.conf", "");
        configure(folder, "pg_hba.conf", settings.hba());
        configure(folder, "pg_ident.conf", "");
    }

    /**
     * Takes away what would say how and from where to recover, and asks for recovery where the settings do. Safe where a
     * server has run: names are removed and made, none is read or written through.
     */
    static void aim(SandboxFolder folder, ServerSettings settings) throws IOException {
        Path data = folder.data();
        for (String name : List.of("postmaster.pid", "postmaster.opts", "standby.signal", "recovery.signal")) {
            Files.deleteIfExists(data.resolve(name));
        }
        Path overrides = data.resolve("postgresql.auto.conf");
        // Deleted and made anew: a link of that name must not be written through.
        Files.deleteIfExists(overrides);
        Files.createFile(overrides);
        if (settings.recovery() != null) {
            Files.createFile(data.resolve("recovery.signal"));
        }
    }

    /** Readable by the server's user, whatever umask Nightshift runs under: the application server's is 027. */
    private static void configure(SandboxFolder folder, String name, String text) throws IOException {
        Path file = folder.configuration().resolve(name);
        Files.writeString(file, text);
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-r--r--"));
    }
}
