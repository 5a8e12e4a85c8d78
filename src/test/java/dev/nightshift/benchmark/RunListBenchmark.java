package dev.nightshift.benchmark;

import dev.nightshift.job.FilledLedger;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.sql.SQLException;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** Asks a ledger of a million runs what people ask it, page by page, and says how long the answers took. */
public final class RunListBenchmark {
    private RunListBenchmark() {}

    /** Reads the system properties benchmark.programs, .runs and .rounds; exits with 1 and a word when it cannot. */
    public static void main(String[] arguments) {
        try {
            run(
                    Integer.getInteger("benchmark.runs", 1_000_000),
                    Math.max(100, Integer.getInteger("benchmark.rounds", 0)));
        } catch (IOException | SQLException | RuntimeException e) {
            Machine.say("The benchmark failed: " + e.getMessage());
            System.exit(1);
        }
    }

    private static void run(int runs, int rounds) throws IOException, SQLException {
        Settings settings = Settings.read("runs.md");
        Binaries programs = Machine.programs(settings);
        try (Postgres server = Postgres.start(programs, Map.of("shared_buffers", "512MB", "fsync", "off"))) {
            server.execute("postgres", "create database nightshift");
            Machine.say("Filling PostgreSQL " + programs.version() + " with " + runs + " runs");
            try (FilledLedger ledger =
                    FilledLedger.fill(server.url("nightshift"), server.user(), server.password(), runs)) {
                String before = Machine.load();
                var took = ledger.measure(rounds);
                Machine.report(settings, report(took, runs, rounds, before, programs));
            }
        }
    }

    private static String report(
            Map<String, List<Double>> took, int runs, int rounds, String before, Binaries programs) {
        var text = new StringBuilder(String.format(
                Locale.ROOT,
                "%,d runs, PostgreSQL %s, %d pages of 50 for each question; load average before %s, after %s%n%n",
                runs,
                programs.version(),
                rounds,
                before,
                Machine.load()));
        text.append("| asked for | p50 ms | p95 ms | most ms |\n|---|---|---|---|\n");
        took.forEach((question, millis) -> text.append(String.format(
                Locale.ROOT,
                "| %s | %.1f | %.1f | %.1f |%n",
                question,
                percentile(millis, 0.5),
                percentile(millis, 0.95),
                percentile(millis, 1))));
        return text.toString();
    }

    private static double percentile(List<Double> values, double share) {
        List<Double> sorted = values.stream().sorted().toList();
        return sorted.get((int) Math.ceil(share * sorted.size()) - 1);
    }
}
