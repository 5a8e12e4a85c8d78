package dev.nightshift.benchmark;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.postgres.Binaries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Stream;

/**
 * Backs one server up by turns, by Nightshift and by pg_basebackup, into folders of the same disk, and compares wall time
 * and CPU of both sides. Each round takes one backup by each contender, in an order that rotates, so that what else the
 * machine does hits all of them; a first round warms caches and the JVM and does not count.
 */
public final class BackupBenchmark {
    private final Settings settings;

    private BackupBenchmark(Settings settings) {
        this.settings = settings;
    }

    /** Reads the system properties benchmark.programs, .folder, .scale, .text and .rounds; exits with 1 and a word when it cannot. */
    public static void main(String[] arguments) {
        try {
            new BackupBenchmark(Settings.read("backup.md")).run();
        } catch (IOException | SQLException | RuntimeException e) {
            Machine.say("The benchmark failed: " + e.getMessage());
            System.exit(1);
        }
    }

    private void run() throws IOException, SQLException {
        Binaries programs = Machine.programs(settings);
        Machine.delete(settings.folder());
        Files.createDirectories(settings.folder());
        try {
            compare(programs);
        } finally {
            Machine.delete(settings.folder());
        }
    }

    private void compare(Binaries programs) throws IOException, SQLException {
        List<Series> all = Stream.of(
                        new Contender.Stock(programs), new Contender.Nightshift(false), new Contender.Nightshift(true))
                .map(Series::of)
                .toList();
        Machine.say("Filling PostgreSQL " + programs.version() + " with " + settings.data());
        try (SourceServer source = SourceServer.create(programs, settings, Map.of())) {
            long bytes = source.bytes();
            Machine.say(new Bytes(bytes) + " to back up; one round to warm up, then " + settings.rounds());
            String before = Machine.load();
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
            Machine.report(
                    settings, BackupReport.write(Machine.circumstances(settings, programs, bytes, before), bytes, all));
        }
    }

    private static void say(int round, Contender contender, Measured measured) {
        Machine.say(String.format(
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
            return new Measured(
                    wall, contender.clientSeconds() - client, source.cpuSeconds() - server, Machine.size(folder));
        } finally {
            Machine.delete(folder);
        }
    }
}
