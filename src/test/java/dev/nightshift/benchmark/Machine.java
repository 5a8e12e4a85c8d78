package dev.nightshift.benchmark;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.postgres.Binaries;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.stream.Stream;

/** What every benchmark needs of the machine it runs on: programs, files, and what to say about it beside the figures. */
final class Machine {
    private Machine() {}

    static Binaries programs(Settings settings) {
        Binaries programs = Binaries.read(settings.programs())
                .orElseThrow(() -> new IllegalStateException("There are no PostgreSQL programs in "
                        + settings.programs() + ". Install them (Debian: postgresql-15) or name their folder by"
                        + " -Dbenchmark.programs."));
        if (!programs.has("pg_basebackup") || programs.major() < 15) {
            throw new IllegalStateException("The benchmark needs pg_basebackup of PostgreSQL 15 or newer; "
                    + settings.programs() + " has " + programs.version()
                    + (programs.has("pg_basebackup") ? "." : " without it. Install Debian's postgresql-client."));
        }
        return programs;
    }

    /** A line each. */
    static List<String> circumstances(Settings settings, Binaries programs, long bytes, String loadBefore) {
        Runtime machine = Runtime.getRuntime();
        return List.of(
                "Taken " + Instant.now().truncatedTo(ChronoUnit.MINUTES) + ", " + settings.rounds() + " rounds",
                machine.availableProcessors() + " cores, " + System.getProperty("os.name") + " "
                        + System.getProperty("os.arch"),
                "Load average of 1, 5 and 15 minutes before: " + loadBefore + "; after: " + load()
                        + ". More than the cores means that the machine was busy and wall times are too long.",
                "JVM " + System.getProperty("java.vm.version") + " with "
                        + ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                                .filter(argument -> argument.startsWith("-X"))
                                .toList(),
                "PostgreSQL " + programs.version() + ", " + settings.data() + ": " + new Bytes(bytes));
    }

    static String load() {
        try {
            return String.join(
                    " ",
                    List.of(Files.readString(Path.of("/proc/loadavg")).split(" ", -1))
                            .subList(0, 3));
        } catch (IOException e) {
            return "not measured";
        }
    }

    static void report(Settings settings, String text) throws IOException {
        Files.createDirectories(settings.report().getParent());
        Files.writeString(settings.report(), text);
        say("\n" + text);
        say("Written to " + settings.report());
    }

    static long size(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    static void delete(Path folder) throws IOException {
        if (!Files.exists(folder)) {
            return;
        }
        try (Stream<Path> files = Files.walk(folder)) {
            for (Path file : files.sorted(Comparator.reverseOrder()).toList()) {
                Files.deleteIfExists(file);
            }
        }
    }

    @SuppressWarnings("SystemOut")
    static void say(String line) {
        System.out.println(line);
    }
}
