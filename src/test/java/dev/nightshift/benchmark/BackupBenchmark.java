package dev.nightshift.benchmark;

import dev.nightshift.backup.evidence.Budget;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.postgres.Binaries;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;

/**
 * Backs one server up by turns, by Nightshift, by pg_basebackup and by pgBackRest if it is installed, into folders of the same
 * disk, restores each backup, and compares wall time, CPU of both sides, memory and size. Each round takes one backup by each
 * contender, in an order that rotates, so that what else the machine does hits all of them; a first round warms caches and the
 * JVM and does not count.
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
        List<Contender> contenders = new ArrayList<>();
        PgBackRest.installed()
                .ifPresentOrElse(
                        contenders::add,
                        () -> Machine.say(
                                "There is no pgbackrest on the PATH (Debian: pgbackrest): it takes no part."));
        contenders.addAll(List.of(
                new PgBaseBackup(programs),
                new NightshiftBackup(false, null),
                new NightshiftBackup(true, null),
                new NightshiftBackup(true, Budget.STANDARD),
                new ColdNightshift()));
        Map<Contender, Series> backups = new HashMap<>();
        Map<Contender, Series> restores = new HashMap<>();
        Machine.say("Filling PostgreSQL " + programs.version() + " with " + settings.data());
        try (SourceServer source = SourceServer.create(programs, settings, Map.of())) {
            long bytes = source.bytes();
            Machine.say(new Bytes(bytes) + " to back up; one round to warm up, then " + settings.rounds());
            String before = Machine.load();
            for (int round = 0; round <= settings.rounds(); round++) {
                List<Contender> order = new ArrayList<>(contenders);
                Collections.rotate(order, round);
                for (Contender contender : order) {
                    measure(source, contender, round, backups, restores);
                }
            }
            Machine.report(
                    settings,
                    BackupReport.write(
                            Machine.circumstances(settings, programs, bytes, before),
                            bytes,
                            inOrder(contenders, backups),
                            inOrder(contenders, restores)));
        }
    }

    private static List<Series> inOrder(List<Contender> contenders, Map<Contender, Series> series) {
        return contenders.stream().filter(series::containsKey).map(series::get).toList();
    }

    private void measure(
            SourceServer source,
            Contender contender,
            int round,
            Map<Contender, Series> backups,
            Map<Contender, Series> restores)
            throws IOException, SQLException {
        Path folder = settings.folder().resolve("backup");
        Path data = settings.folder().resolve("restored");
        Files.createDirectory(folder);
        Files.createDirectory(data, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rwx------")));
        try {
            source.settle();
            contender.prepare(source, folder);
            Optional<Measured> backup = measure(source, contender, folder, () -> {
                contender.takeBackup(source, folder);
                return true;
            });
            note(round, contender, "backup", backup, backups);
            note(
                    round,
                    contender,
                    "restore",
                    measure(source, contender, data, () -> contender.restore(folder, data)),
                    restores);
        } finally {
            Machine.delete(folder);
            Machine.delete(data);
        }
    }

    private static void note(
            int round, Contender contender, String what, Optional<Measured> measured, Map<Contender, Series> series) {
        measured.ifPresent(found -> {
            say(round, contender, what, found);
            if (round > 0) {
                series.computeIfAbsent(contender, Series::of).runs().add(found);
            }
        });
    }

    private static void say(int round, Contender contender, String what, Measured measured) {
        Machine.say(String.format(
                Locale.ROOT,
                "%-8s %-8s %-66s %7.2f s wall, %6.2f s CPU client, %6.2f s CPU server, %s memory, %s",
                round == 0 ? "warm-up" : "round " + round,
                what,
                contender.title(),
                measured.wallSeconds(),
                measured.clientSeconds(),
                measured.serverSeconds(),
                new Bytes(measured.peakBytes()),
                new Bytes(measured.storedBytes())));
    }

    /** What is to be measured; false if it did nothing. */
    @FunctionalInterface
    private interface Work {
        boolean run() throws IOException;
    }

    private static Optional<Measured> measure(SourceServer source, Contender contender, Path folder, Work work)
            throws IOException {
        try (PeakMemory memory = new PeakMemory(contender.inPrograms())) {
            double client = contender.clientSeconds();
            double server = source.cpuSeconds();
            long began = System.nanoTime();
            if (!work.run()) {
                return Optional.empty();
            }
            double wall = (System.nanoTime() - began) / 1e9;
            return Optional.of(new Measured(
                    wall,
                    contender.clientSeconds() - client,
                    source.cpuSeconds() - server,
                    memory.bytes(),
                    Machine.size(folder)));
        }
    }
}
