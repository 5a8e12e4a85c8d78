package dev.nightshift.postgres;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.function.IntFunction;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * pg_dump and pg_restore of one version. They are looked for where {@link Binaries} looks: configured folders, PATH, the usual
 * install folders.
 *
 * @param bin the folder of the programs, absolute
 * @param version as they print it: {@code "15.18 (Debian 15.18-0+deb12u1)"}
 */
public record ClientTools(Path bin, int major, String version) {
    private static final String DUMP = "pg_dump";
    private static final String RESTORE = "pg_restore";

    /** The first version with transaction_timeout. */
    private static final int UNKNOWN_BEFORE = 17;

    /** Debian's in PATH is a script that chooses among clusters of this machine. */
    private static final String WRAPPER = "pg_wrapper";

    /**
     * The best that there are for a server: of its own major version, or else of the next newer one, which speaks to it too.
     *
     * @throws Failure.Skippable if there are none, naming package and setting
     */
    public static ClientTools require(int server, List<Path> configured) {
        return require(server, configured, System.getenv("PATH"));
    }

    static ClientTools require(int server, List<Path> configured, @Nullable String path) {
        List<ClientTools> all = all(configured, path);
        return best(all, server)
                .orElseThrow(() -> new Failure.Skippable(
                        "pg_dump and pg_restore of PostgreSQL " + server + " or newer are not on this machine"
                                + (all.isEmpty()
                                        ? "."
                                        : "; found are "
                                                + all.stream()
                                                        .map(each -> each.version() + " in " + each.bin())
                                                        .collect(Collectors.joining(", "))
                                                + ", which refuse a newer server."),
                        "Install them (Debian: postgresql-client-" + server + ", Red Hat: postgresql" + server
                                + ") or name their folder in NIGHTSHIFT_POSTGRES_BINARIES.",
                        null));
    }

    /**
     * Those that restore into a server. From 17 on pg_restore sends a setting that no server before 17 knows, and ends by the
     * error.
     *
     * @param written major version of the pg_dump whose output is read; an older pg_restore need not understand it
     * @throws Failure.Skippable if there are none, naming what would do
     */
    public static ClientTools forRestore(int server, int written, List<Path> configured) {
        return forRestore(server, written, needed -> require(needed, configured));
    }

    /** @param finder the best for a major version, or throws */
    static ClientTools forRestore(int server, int written, IntFunction<ClientTools> finder) {
        if (server >= UNKNOWN_BEFORE) {
            return finder.apply(Math.max(server, written));
        }
        if (written >= UNKNOWN_BEFORE) {
            throw new Failure.Skippable(
                    "The dump was written by pg_dump " + written
                            + ", and a pg_restore that reads it sends a setting that a" + " server of PostgreSQL "
                            + server + " does not know.",
                    "Name an instance of PostgreSQL " + UNKNOWN_BEFORE + " or newer.",
                    null);
        }
        ClientTools found = finder.apply(Math.max(server, written));
        if (found.major() >= UNKNOWN_BEFORE) {
            throw new Failure.Skippable(
                    "No pg_restore on this machine works with a server of PostgreSQL " + server + ": " + found.number()
                            + " in " + found.bin() + " sends a setting that it does not know.",
                    "Install the programs of its own version (Debian: postgresql-client-" + server
                            + ", Red Hat: postgresql" + server
                            + ") or name their folder in NIGHTSHIFT_POSTGRES_BINARIES.",
                    null);
        }
        return found;
    }

    /** The same major version first, where it was looked for first; then the nearest newer one. */
    static Optional<ClientTools> best(List<ClientTools> all, int server) {
        return all.stream()
                .filter(each -> each.major() >= server)
                .min(Comparator.comparingInt(ClientTools::major)
                        .thenComparing((one, other) -> Arrays.compare(
                                Binaries.numbersOf(other.version()), Binaries.numbersOf(one.version()))));
    }

    private static List<ClientTools> all(List<Path> configured, @Nullable String path) {
        Predicate<Path> complete = ClientTools::isComplete;
        return Binaries.places(configured, path, complete).stream()
                .flatMap(bin -> Binaries.version(bin.resolve(DUMP)).stream()
                        .map(version ->
                                new ClientTools(bin.toAbsolutePath().normalize(), Binaries.major(version), version)))
                .toList();
    }

    private static boolean isComplete(Path bin) {
        return List.of(DUMP, RESTORE).stream().map(bin::resolve).allMatch(ClientTools::isProgram);
    }

    private static boolean isProgram(Path program) {
        try {
            return Files.isExecutable(program)
                    && !program.toRealPath().getFileName().toString().equals(WRAPPER);
        } catch (IOException e) {
            return false; // a link that leads nowhere
        }
    }

    public Path dump() {
        return bin.resolve(DUMP);
    }

    public Path restore() {
        return bin.resolve(RESTORE);
    }

    /** {@code "15.18"}: without what a distribution adds. */
    public String number() {
        return version.split(" ", 2)[0];
    }
}
