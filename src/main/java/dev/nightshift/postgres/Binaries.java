package dev.nightshift.postgres;

import dev.nightshift.kernel.Failure;
import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.function.Predicate;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * The server programs of one PostgreSQL version: a bin folder that holds at least {@code postgres}, {@code initdb} and
 * {@code pg_ctl}. Where to look, in this order: folders that a person configured (the embedded binaries' folder is one of
 * them), PATH, the usual install folders of Debian, Red Hat, Homebrew and a build from source.
 *
 * @param bin the folder of the programs, absolute
 * @param major 9.6 counts as 9; from 10 on the number before the dot
 * @param version as the server prints it, {@code "18.4"} or {@code "15.18 (Debian 15.18-0+deb12u1)"}
 */
public record Binaries(Path bin, int major, String version) {
    private static final List<String> NEEDED = List.of("postgres", "initdb", "pg_ctl");
    private static final Pattern VERSION = Pattern.compile("\\(PostgreSQL\\) (\\d+\\S*(?: \\(.*\\))?)");

    /** Each is a folder whose sub-folders hold a bin folder, or which has one itself. */
    private static final List<Path> USUAL = List.of(
            Path.of("/usr/lib/postgresql"),
            Path.of("/usr/pgsql"),
            Path.of("/opt/homebrew/opt"),
            Path.of("/opt/homebrew"),
            Path.of("/usr/local/opt"),
            Path.of("/usr/local/pgsql"),
            Path.of("/usr/local"),
            Path.of("/opt/postgresql"),
            Path.of("/Library/PostgreSQL"),
            Path.of("/Applications/Postgres.app/Contents/Versions"));

    /** The best binaries of a major version: the configured folders first, then the newest minor version found. */
    public static Optional<Binaries> find(int major, List<Path> configured) {
        return first(all(configured), major).or(() -> first(installed(System.getenv("PATH")), major));
    }

    /**
     * As {@link #find}, or the reason with its remedy.
     *
     * @throws Failure.Skippable if no programs of that version are on this machine
     */
    public static Binaries require(int major, List<Path> configured) {
        return find(major, configured)
                .orElseThrow(() -> new Failure.Skippable(
                        "The server programs of PostgreSQL " + major + " are not on this machine.",
                        "Install them (Debian: postgresql-" + major + ", Red Hat: postgresql" + major
                                + "-server) or name their folder in NIGHTSHIFT_POSTGRES_BINARIES.",
                        null));
    }

    /** Every complete set of programs in the given folders, in their order; a folder without any is passed over. */
    public static List<Binaries> all(List<Path> folders) {
        return folders.stream()
                .flatMap(folder -> candidates(folder, Binaries::isComplete).stream())
                .distinct()
                .flatMap(bin -> read(bin).stream())
                .toList();
    }

    /** The bin folders that hold what is wanted: in the configured folders, in PATH, in the usual install folders. */
    static Set<Path> places(List<Path> configured, @Nullable String path, Predicate<Path> wanted) {
        Set<Path> places = new LinkedHashSet<>();
        configured.forEach(folder -> places.addAll(candidates(folder, wanted)));
        places.addAll(usual(path, wanted));
        return places;
    }

    /** What is on PATH and in the usual install folders, newest version first. */
    static List<Binaries> installed(@Nullable String path) {
        return usual(path, Binaries::isComplete).stream()
                .flatMap(bin -> read(bin).stream())
                .sorted(Comparator.comparing(Binaries::numbers, Arrays::compare).reversed())
                .toList();
    }

    private static Set<Path> usual(@Nullable String path, Predicate<Path> wanted) {
        Set<Path> folders = new LinkedHashSet<>();
        if (path != null) {
            Arrays.stream(path.split(File.pathSeparator))
                    .filter(entry -> !entry.isBlank())
                    .map(Path::of)
                    .filter(wanted)
                    .forEach(folders::add);
        }
        for (Path usual : USUAL) {
            folders.addAll(candidates(usual, wanted));
            folders.addAll(siblings(usual, wanted));
        }
        return folders;
    }

    /** The folder itself, its bin folder, and the bin folders of its sub-folders (a folder of versions). */
    private static List<Path> candidates(Path folder, Predicate<Path> wanted) {
        List<Path> found = new ArrayList<>(List.of(folder, folder.resolve("bin")));
        if (Files.isDirectory(folder)) {
            try (Stream<Path> children = Files.list(folder)) {
                children.filter(Files::isDirectory)
                        .sorted(Comparator.reverseOrder())
                        .map(child -> child.resolve("bin"))
                        .forEach(found::add);
            } catch (IOException e) {
                // A folder that may not be listed is one that holds nothing for us.
                return found;
            }
        }
        return found.stream().filter(wanted).toList();
    }

    /** Red Hat's packages install to /usr/pgsql-18/bin: folders beside each other that share a prefix. */
    private static List<Path> siblings(Path prefix, Predicate<Path> wanted) {
        Path parent = prefix.getParent();
        if (parent == null || !Files.isDirectory(parent)) {
            return List.of();
        }
        try (Stream<Path> children = Files.list(parent)) {
            return children.filter(child -> child.getFileName().toString().startsWith(prefix.getFileName() + "-"))
                    .map(child -> child.resolve("bin"))
                    .filter(wanted)
                    .toList();
        } catch (IOException e) {
            return List.of();
        }
    }

    private static boolean isComplete(Path bin) {
        return NEEDED.stream().allMatch(name -> Files.isExecutable(bin.resolve(name)));
    }

    /** Asks {@code postgres --version}; empty if the folder is incomplete or the program does not run here. */
    public static Optional<Binaries> read(Path bin) {
        if (!isComplete(bin)) {
            return Optional.empty();
        }
        return version(bin.resolve("postgres"))
                .map(version -> new Binaries(bin.toAbsolutePath().normalize(), major(version), version));
    }

    /** What a program of PostgreSQL answers to {@code --version}; empty if it does not run here. */
    static Optional<String> version(Path program) {
        try {
            ProcessBuilder builder = new ProcessBuilder(program.toString(), "--version").redirectErrorStream(true);
            // Ours holds secrets, and this is a program of some folder
            builder.environment().clear();
            Process process = builder.start();
            process.getOutputStream().close();
            String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            if (!process.waitFor(10, TimeUnit.SECONDS)) {
                process.destroyForcibly();
                return Optional.empty();
            }
            Matcher matcher = VERSION.matcher(output);
            return matcher.find() ? Optional.of(matcher.group(1)) : Optional.empty();
        } catch (IOException e) {
            return Optional.empty(); // built for another machine
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return Optional.empty();
        }
    }

    /** 9.6 counts as 9. */
    static int major(String version) {
        return Integer.parseInt(version.split("\\D", 2)[0]);
    }

    /** The path of a program: {@code program("pg_ctl")}. It exists if it is one of the three needed or {@link #has} says so. */
    public Path program(String name) {
        return bin.resolve(name);
    }

    public boolean has(String program) {
        return Files.isExecutable(program(program));
    }

    /** Whether an extension that comes with PostgreSQL can be created on a server of these programs. */
    public boolean hasExtension(String name) {
        return Stream.of(
                        "../share/postgresql/extension",
                        "../share/extension",
                        "../../../../share/postgresql/" + major + "/extension")
                .map(bin::resolve)
                .anyMatch(folder -> Files.exists(folder.resolve(name + ".control")));
    }

    private static Optional<Binaries> first(List<Binaries> found, int major) {
        return found.stream().filter(b -> b.major == major).findFirst();
    }

    private int[] numbers() {
        return numbersOf(version);
    }

    static int[] numbersOf(String version) {
        return Arrays.stream(version.split(" ", 2)[0].split("\\D+"))
                .filter(part -> !part.isEmpty())
                .mapToInt(Integer::parseInt)
                .toArray();
    }
}
