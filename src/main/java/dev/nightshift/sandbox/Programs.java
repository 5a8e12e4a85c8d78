package dev.nightshift.sandbox;

import dev.nightshift.postgres.Binaries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/**
 * What a sandbox sees of the host, all of it read-only: the system's programs and libraries, and the folders that the
 * server's installation consists of, never the whole folder they stand in (a build from source keeps its data there).
 *
 * @param server the postgres program itself
 * @param folders absolute, without links, none within another
 */
record Programs(Path server, List<Path> folders) {
    private static final List<String> SYSTEM = List.of(
            "/bin",
            "/sbin",
            "/lib",
            "/lib32",
            "/lib64",
            "/usr/bin",
            "/usr/sbin",
            "/usr/lib",
            "/usr/lib32",
            "/usr/lib64",
            "/usr/local/lib",
            "/usr/local/lib64",
            "/usr/share/zoneinfo",
            "/usr/share/locale",
            "/usr/share/i18n",
            "/usr/share/icu",
            "/usr/share/proj",
            "/usr/share/gdal",
            "/usr/share/pgsql",
            "/usr/share/postgresql",
            "/usr/share/postgresql-common",
            // Debian links dictionaries of the text search here.
            "/var/cache/postgresql/dicts");

    private static final List<String> INSTALLATION = List.of("bin", "lib", "lib64", "share", "libexec");

    static Programs of(Binaries binaries) {
        return of(binaries.program("postgres"));
    }

    /** Of any other program of an installation; it stands where the server would. */
    static Programs of(Path program) {
        try {
            Path server = program.toRealPath();
            List<Path> candidates =
                    new ArrayList<>(SYSTEM.stream().map(Path::of).toList());
            Path home = server.resolve("../..").normalize();
            INSTALLATION.stream().map(home::resolve).forEach(candidates::add);
            candidates.add(server.resolveSibling("").normalize());
            return new Programs(server, outermost(candidates));
        } catch (IOException e) {
            throw new NotPossibleHere("The program " + program + " cannot be read: " + e.getMessage(), null, e);
        }
    }

    /** Real folders only: links at the top (/lib to usr/lib) are made again, not mounted. */
    private static List<Path> outermost(List<Path> candidates) {
        List<Path> folders = candidates.stream()
                .filter(path -> Files.isDirectory(path, LinkOption.NOFOLLOW_LINKS))
                .distinct()
                .toList();
        return folders.stream()
                .filter(path -> folders.stream().noneMatch(other -> within(path, other)))
                .toList();
    }

    private static boolean within(Path path, Path other) {
        return !path.equals(other) && path.startsWith(other);
    }
}
