package dev.nightshift.benchmark;

import dev.nightshift.kernel.Bytes;
import java.util.List;
import java.util.Locale;

/** The figures as a page of Markdown. */
final class BackupReport {
    private BackupReport() {}

    /**
     * Medians of every contender, their ratios to the first one, and every single run.
     *
     * @param circumstances machine, load, data: a line each
     */
    static String write(List<String> circumstances, long sourceBytes, List<Series> backups, List<Series> restores) {
        StringBuilder text = new StringBuilder("# Backup benchmark\n\n");
        circumstances.forEach(line -> text.append("- ").append(line).append('\n'));
        text.append("\nMedians; ratios are medians over the rounds, to the first line in the same round.\n");
        table(text, "Backup", sourceBytes, backups);
        table(text, "Restore", sourceBytes, restores);
        return text.toString();
    }

    private static void table(StringBuilder text, String what, long sourceBytes, List<Series> all) {
        Series yardstick = all.get(0);
        text.append("\n## ")
                .append(what)
                .append("\n\n| | wall s | MB/s | CPU s client | CPU s server | CPU s/GB both | peak memory | on disk |")
                .append(" wall ratio | CPU ratio |\n|---|---|---|---|---|---|---|---|---|---|\n");
        for (Series series : all) {
            double wall = series.median(Measured::wallSeconds);
            text.append(line(
                    "| %s | %.2f | %.0f | %.2f | %.2f | %.2f | %s | %s | %.2f | %.2f |",
                    series.title(),
                    wall,
                    sourceBytes / 1e6 / wall,
                    series.median(Measured::clientSeconds),
                    series.median(Measured::serverSeconds),
                    series.median(Measured::cpuSeconds) / (sourceBytes / 1e9),
                    new Bytes(Math.round(series.median(Measured::peakBytes))),
                    new Bytes(Math.round(series.median(Measured::storedBytes))),
                    series.medianRatio(yardstick, Measured::wallSeconds),
                    series.medianRatio(yardstick, Measured::cpuSeconds)));
        }
        text.append("\nEvery run: wall seconds / CPU seconds of both sides, round by round.\n\n");
        for (Series series : all) {
            text.append("- ").append(series.title()).append(':');
            series.runs()
                    .forEach(run ->
                            text.append(String.format(Locale.ROOT, " %.2f/%.2f", run.wallSeconds(), run.cpuSeconds())));
            text.append('\n');
        }
    }

    private static String line(String format, Object... values) {
        return String.format(Locale.ROOT, format, values) + "\n";
    }
}
