package dev.nightshift.benchmark;

import java.nio.file.Path;

/**
 * What may be chosen.
 *
 * @param programs folder of the server's and the client's programs
 * @param folder for the cluster and the backups; removed at the end
 * @param report where the figures are written
 * @param scale of pgbench: 100,000 rows, about 15 MB, each
 * @param text whether a table of text that compresses 2:1 is added, about 12 MB per unit of scale: pgbench's own rows are
 *     mostly blanks
 * @param rounds that count
 */
record Settings(Path programs, Path folder, Path report, int scale, boolean text, int rounds) {
    /** Reads the system properties benchmark.programs, .folder, .scale, .text and .rounds. */
    static Settings read(String report) {
        return new Settings(
                Path.of(System.getProperty("benchmark.programs", "/usr/lib/postgresql/15/bin")),
                Path.of(System.getProperty("benchmark.folder", "target/benchmark/work"))
                        .toAbsolutePath(),
                Path.of("target", "benchmark", report).toAbsolutePath(),
                Integer.getInteger("benchmark.scale", 100),
                Boolean.getBoolean("benchmark.text"),
                Integer.getInteger("benchmark.rounds", 5));
    }

    String data() {
        return "pgbench's tables, scale " + scale + (text ? ", and text" : "");
    }
}
