package dev.nightshift.benchmark;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.postgres.Binaries;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.Collections;
import java.util.Comparator;
import java.util.List;
import java.util.Locale;
import java.util.stream.Stream;

/**
 * Backs one server up by turns, by Nightshift and by pg_basebackup, into folders of the same disk, and compares wall time
 * and CPU of both sides. Each round takes one backup by each contender, in an order that rotates, so that what else the
 * machine does hits all of them; a first round warms caches and the JVM and does not count.
 */
public final class BackupBenchmark {
    private final Settings settings;

    /**
     * What may be chosen.
     *
     * @param programs folder of the server's and the client's programs
     * @param folder for the cluster and the backups; removed at the end
     * @param scale of pgbench: 100,000 rows, about 15 MB, each
     * @param text whether a table of text that compresses 2:1 is added, about 12 MB per unit of scale: pgbench's own rows
     *     are mostly blanks
     * @param rounds that count
     */
    private record Settings(Path programs, Path folder, Path report, int scale, boolean text, int rounds) {
        static Settings read() {
            return new Settings(
                    Path.of(System.getProperty("benchmark.programs", "/usr/lib/postgresql/15/bin")),
                    Path.of(System.getProperty("benchmark.folder", "target/benchmark/work"))
                            .toAbsolutePath(),
                    Path.of("target", "benchmark", "backup.md").toAbsolutePath(),
                    Integer.getInteger("benchmark.scale", 100),
                    Boolean.getBoolean("benchmark.text"),
                    Integer.getInteger("benchmark.rounds", 5));
        }

        String data() {
            return "pgbench's tables, scale " + scale + (text ? ", and text" : "");
        }
    }

    private BackupBenchmark(Settings settings) {
        this.settings = settings;
    }

    /** Reads the system properties benchmark.programs, .folder, .scale, .text and .rounds; exits with 1 and a word when it cannot. */
    public static void main(String[] arguments) {
        try {
            new BackupBenchmark(Settings.read()).run();
        } catch (IOException | SQLException | RuntimeException e) {
            say("The benchmark failed: " + e.getMessage());
            System.exit(1);
        }
    }

    private void run() throws IOException, SQLException {
        Binaries programs = programs();
        delete(settings.folder());
        Files.createDirectories(settings.folder());
        try {
            compare(programs);
        } finally {
            delete(settings.folder());
        }
    }

    private void compare(Binaries programs) throws IOException, SQLException {
        List<Series> all = Stream.of(
                        new Contender.Stock(programs), new Contender.Nightshift(false), new Contender.Nightshift(true))
                .map(Series::of)
                .toList();
        say("Filling PostgreSQL " + programs.version() + " with " + settings.data());
        try (SourceServer source =
                SourceServer.create(programs, settings.folder().resolve("source"), settings.scale(), settings.text())) {
            long bytes = source.bytes();
            say(new Bytes(bytes) + " to back up; one round to warm up, then " + settings.rounds());
            String before = load();
            for (int round = 0; round <= settings.rounds(); round++) {
                List<Series> order = new ArrayList<>(all);
                Collections.rotate(order, round);
                for (Series series : order) {
                    Measured measured = measure(source, series.contender());
                    say(round, series.contender(), measured);
                    if (round > 0) {
                        series.runs().add(measured);
                    }
                }
            }
            report(circumstances(programs, bytes, before), bytes, all);
        }
    }

    private static void say(int round, Contender contender, Measured measured) {
        say(String.format(
                Locale.ROOT,
                "%-8s %-46s %7.2f s wall, %6.2f s CPU client, %6.2f s CPU server, %s",
                round == 0 ? "warm-up" : "round " + round,
                contender.title(),
                measured.wallSeconds(),
                measured.clientSeconds(),
                measured.serverSeconds(),
                new Bytes(measured.storedBytes())));
    }

    private Measured measure(SourceServer source, Contender contender) throws IOException, SQLException {
        Path folder = settings.folder().resolve("backup");
        Files.createDirectory(folder);
        try {
            source.settle();
            double client = contender.clientSeconds();
            double server = source.cpuSeconds();
            long began = System.nanoTime();
            contender.takeBackup(source, folder);
            double wall = (System.nanoTime() - began) / 1e9;
            return new Measured(wall, contender.clientSeconds() - client, source.cpuSeconds() - server, size(folder));
        } finally {
            delete(folder);
        }
    }

    private Binaries programs() {
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

    private List<String> circumstances(Binaries programs, long bytes, String before) {
        Runtime machine = Runtime.getRuntime();
        return List.of(
                "Taken " + Instant.now().truncatedTo(ChronoUnit.MINUTES) + ", " + settings.rounds() + " rounds",
                machine.availableProcessors() + " cores, " + System.getProperty("os.name") + " "
                        + System.getProperty("os.arch"),
                "Load average of 1, 5 and 15 minutes before: " + before + "; after: " + load()
                        + ". More than the cores means that the machine was busy and wall times are too long.",
                "JVM " + System.getProperty("java.vm.version") + " with "
                        + ManagementFactory.getRuntimeMXBean().getInputArguments().stream()
                                .filter(argument -> argument.startsWith("-X"))
                                .toList(),
                "PostgreSQL " + programs.version() + ", " + settings.data() + ": " + new Bytes(bytes));
    }

    private void report(List<String> circumstances, long bytes, List<Series> all) throws IOException {
        String text = BackupReport.write(circumstances, bytes, all);
        Files.createDirectories(settings.report().getParent());
        Files.writeString(settings.report(), text);
        say("\n" + text);
        say("Written to " + settings.report());
    }

    private static String load() {
        try {
            return String.join(
                    " ",
                    List.of(Files.readString(Path.of("/proc/loadavg")).split(" ", -1))
                            .subList(0, 3));
        } catch (IOException e) {
            return "not measured";
        }
    }

    private static long size(Path folder) throws IOException {
        try (Stream<Path> files = Files.walk(folder)) {
            return files.filter(Files::isRegularFile)
                    .mapToLong(file -> file.toFile().length())
                    .sum();
        }
    }

    private static void delete(Path folder) throws IOException {
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
    private static void say(String line) {
        System.out.println(line);
    }
}
