package dev.nightshift.benchmark;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** CPU seconds, user and system together, as /proc counts them (proc(5), stat). */
final class CpuTime {
    private static final Path PROC = Path.of("/proc");

    /** USER_HZ, which Linux shows to programs as 100 on every machine that Java runs on. */
    private static final double TICKS_PER_SECOND = 100;

    /**
     * What one process used.
     *
     * @param own of all its threads
     * @param reaped of its children that ended and were waited for, with theirs
     */
    private record Used(long parent, long own, long reaped) {}

    private CpuTime() {}

    /** Of this JVM, with its compiler and collector. */
    static double ofThisProcess() {
        return read(PROC.resolve("self")).orElseThrow().own() / TICKS_PER_SECOND;
    }

    /** Of the programs that this JVM started and that have ended. */
    static double ofEndedPrograms() {
        return read(PROC.resolve("self")).orElseThrow().reaped() / TICKS_PER_SECOND;
    }

    /** Of a database server: its postmaster, and every process that this started, those that ended too. */
    static double ofServer(long postmaster) {
        Used first = read(PROC.resolve(Long.toString(postmaster))).orElseThrow();
        long ticks = first.own() + first.reaped();
        for (Path folder : processes()) {
            ticks += read(folder)
                    .filter(used -> used.parent() == postmaster)
                    .map(used -> used.own() + used.reaped())
                    .orElse(0L);
        }
        return ticks / TICKS_PER_SECOND;
    }

    private static List<Path> processes() {
        List<Path> folders = new ArrayList<>();
        try (Stream<Path> all = Files.list(PROC)) {
            all.filter(folder ->
                            Character.isDigit(folder.getFileName().toString().charAt(0)))
                    .forEach(folders::add);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return folders;
    }

    /** Empty if the process has ended. */
    private static Optional<Used> read(Path folder) {
        String stat;
        try {
            stat = Files.readString(folder.resolve("stat"));
        } catch (IOException e) {
            return Optional.empty();
        }
        // The name in parentheses may hold spaces; what follows it begins with field 3, the state.
        String[] fields = stat.substring(stat.lastIndexOf(')') + 2).split(" ", -1);
        return Optional.of(new Used(
                Long.parseLong(fields[1]),
                Long.parseLong(fields[11]) + Long.parseLong(fields[12]),
                Long.parseLong(fields[13]) + Long.parseLong(fields[14])));
    }
}
