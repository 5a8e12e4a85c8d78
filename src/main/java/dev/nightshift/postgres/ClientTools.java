package dev.nightshift.postgres;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
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
