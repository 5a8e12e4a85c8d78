package dev.nightshift.testing.harness;

import dev.nightshift.testing.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.time.Duration;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/** Restores a stored backup with the stand-alone decoder, tar and nothing else, as a person would without Nightshift. */
public final class ByHand {
    private static final Duration DEADLINE = Duration.ofMinutes(2);
    private static final Path DECODER = Path.of("target", "nightshift-decoder.jar");
    private static final Path JAVA = Path.of(System.getProperty("java.home"), "bin", "java");

    private static final Path GUIDE = Path.of("docs", "how-to", "restore-by-hand.md");
    private static final Pattern COMMANDS = Pattern.compile("```sh\\n(.*?)```", Pattern.DOTALL);

    private ByHand() {}

    /** The block of the guide that holds these words. */
    public static String commands(String words) throws IOException {
        return COMMANDS.matcher(Files.readString(GUIDE))
                .results()
                .map(block -> block.group(1))
                .filter(block -> block.contains(words))
                .findFirst()
                .orElseThrow(() -> new AssertionError("The guide has no commands with \"" + words + "\"."));
    }

    /**
     * The guide's commands that make {@code data} of a backup with the project's kit, which is there as the guide names it.
     *
     * @param location of the backup, below the store
     * @param suffix of {@code decoded} and {@code data}: empty, or "-1" of the first one of a chain
     */
    public static void cluster(BareMachine machine, String location, String suffix) throws IOException {
        machine.run(commands("<backup id> demo-recovery-kit.json decoded")
                        .replace("demo/demo/<backup id>", location)
                        .replace("kit.json decoded", "kit.json decoded" + suffix))
                .succeeded();
        machine.run(commands("tar -xf decoded/base.tar")
                        .replace("decoded/", "decoded" + suffix + "/")
                        .replaceAll(" data(/|\n| |$)", " data" + suffix + "$1"))
                .succeeded();
    }

    /** The decoder's jar, as the build made it. */
    public static Path decoder() {
        if (!Files.exists(DECODER)) {
            throw new AssertionError(DECODER + " is missing: the phase package makes it.");
        }
        return DECODER.toAbsolutePath();
    }

    /** A folder and all below it, to where nothing is: what a person takes along of a store, or brings from a bucket. */
    public static Path copy(Path from, Path to) throws IOException {
        Files.createDirectories(to.getParent());
        try (Stream<Path> files = Files.walk(from)) {
            for (Path file : files.toList()) {
                Files.copy(file, to.resolve(from.relativize(file).toString()));
            }
        }
        return to;
    }

    /** Runs the decoder; it may fail. */
    public static Processes.Result decode(Path stored, Path key, Path into) throws IOException {
        return Processes.run(
                DEADLINE,
                JAVA.toString(),
                "-jar",
                decoder().toString(),
                stored.toString(),
                key.toString(),
                into.toString());
    }

    /**
     * Makes a cluster of what the decoder wrote: {@code <work>/data}, with its tablespaces beside it.
     *
     * @return the data folder
     */
    public static Path assemble(Path decoded, Path work) throws IOException {
        Path data = Files.createDirectory(
                work.resolve("data"),
                PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        extract(decoded.resolve("base.tar"), data);
        Files.copy(decoded.resolve("backup_manifest"), data.resolve("backup_manifest"));
        try (Stream<Path> segments = Files.list(decoded.resolve("pg_wal"))) {
            for (Path segment : segments.toList()) {
                Files.copy(segment, data.resolve("pg_wal").resolve(segment.getFileName()));
            }
        }
        try (Stream<Path> files = Files.list(decoded)) {
            for (Path archive : files.filter(
                            file -> file.getFileName().toString().matches("[0-9]+\\.tar"))
                    .toList()) {
                String oid = archive.getFileName().toString().replace(".tar", "");
                Path space = Files.createDirectories(work.resolve("tablespaces").resolve(oid));
                extract(archive, space);
                Path link = data.resolve("pg_tblspc").resolve(oid);
                Files.deleteIfExists(link);
                Files.createSymbolicLink(link, space);
            }
        }
        return data;
    }

    private static void extract(Path archive, Path folder) throws IOException {
        // As a user who cannot give files away: root's tar would give them to whoever ran the source
        Processes.run(DEADLINE, "tar", "-xf", archive.toString(), "-C", folder.toString())
                .succeeded();
    }

    /** Lets the first start recover to a restore point and no further. */
    public static void recoverTo(String restorePoint, Path data) throws IOException {
        recover("recovery_target_name = '" + restorePoint + "'", data);
    }

    /** Lets the first start recover the transactions whose commit ends before a position, and no others. */
    public static void recoverBefore(String position, Path data) throws IOException {
        recover("recovery_target_lsn = '" + position + "'\nrecovery_target_inclusive = off", data);
    }

    private static void recover(String target, Path data) throws IOException {
        Files.createFile(data.resolve("recovery.signal"));
        Files.writeString(
                data.resolve("postgresql.auto.conf"),
                "restore_command = 'false'\n" + target + "\nrecovery_target_action = 'promote'\n",
                StandardOpenOption.CREATE,
                StandardOpenOption.APPEND);
    }
}
