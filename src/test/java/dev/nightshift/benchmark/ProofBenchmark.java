package dev.nightshift.benchmark;

import dev.nightshift.backup.evidence.Budget;
import dev.nightshift.backup.proof.Proof;
import dev.nightshift.backup.proof.ProofOptions;
import dev.nightshift.backup.proof.ProofRung;
import dev.nightshift.backup.proof.ProofWatch;
import dev.nightshift.backup.proof.ProveBackup;
import dev.nightshift.backup.proof.StoredMaterial;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.take.BackupRequest;
import dev.nightshift.backup.take.TakePhysicalBackup;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.sandbox.Sandboxes;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.ToDoubleFunction;
import org.jspecify.annotations.Nullable;

/**
 * Proves a backup up to its rows beside taking it: each round takes one backup without evidence of rows and one with it, as
 * the job does, and proves the second. A first round warms caches and the JVM and does not count.
 */
public final class ProofBenchmark {
    private final Settings settings;

    private ProofBenchmark(Settings settings) {
        this.settings = settings;
    }

    /**
     * What one round took, in seconds.
     *
     * @param plain the backup without evidence
     * @param backup with it
     * @param proof all of it
     * @param readable the levels up to that one
     * @param restore files, start, and recovery to the first position
     * @param match comparing rows
     */
    private record Round(double plain, double backup, double proof, double readable, double restore, double match) {
        /** Recovery to the other positions, promotion, amcheck, and throwing the sandbox away. */
        double rest() {
            return proof - readable - restore - match;
        }
    }

    /** Reads the same system properties as the benchmark of backups; exits with 1 and a word when it cannot. */
    public static void main(String[] arguments) {
        try {
            new ProofBenchmark(Settings.read("proof.md")).run();
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
            measure(programs);
        } finally {
            Machine.delete(settings.folder());
        }
    }

    private void measure(Binaries programs) throws IOException, SQLException {
        Machine.say("Filling PostgreSQL " + programs.version() + " with " + settings.data());
        try (SourceServer source = SourceServer.create(programs, settings, Map.of("wal_level", "logical"));
                Sandboxes sandboxes = new Sandboxes(settings.folder().resolve("sandboxes"), Set.of(), Clock.system())) {
            long bytes = source.bytes();
            Machine.say(new Bytes(bytes) + " to back up; one round to warm up, then " + settings.rounds());
            String before = Machine.load();
            ProveBackup prover = new ProveBackup(sandboxes, List.of(programs.bin()), Clock.system());
            List<Round> rounds = new ArrayList<>();
            for (int round = 0; round <= settings.rounds(); round++) {
                Round measured = round(source, prover);
                Machine.say(String.format(
                        Locale.ROOT,
                        "%-8s backup %.2f s, with evidence %.2f s, proof %.2f s: readable %.2f, restore %.2f, match %.2f, rest %.2f",
                        round == 0 ? "warm-up" : "round " + round,
                        measured.plain(),
                        measured.backup(),
                        measured.proof(),
                        measured.readable(),
                        measured.restore(),
                        measured.match(),
                        measured.rest()));
                if (round > 0) {
                    rounds.add(measured);
                }
            }
            Machine.report(settings, report(Machine.circumstances(settings, programs, bytes, before), rounds));
        }
    }

    private Round round(SourceServer source, ProveBackup prover) throws IOException, SQLException {
        ProjectKeys keys = ProjectKeys.generate(new ProjectId(UUID.randomUUID()));
        Path folder = settings.folder().resolve("store");
        FolderStore store = new FolderStore(folder);
        try {
            source.settle();
            long began = System.nanoTime();
            take(source, store, keys, null);
            double plain = since(began);
            Machine.delete(folder);

            source.settle();
            began = System.nanoTime();
            Manifest manifest = take(source, store, keys, Budget.STANDARD);
            double backup = since(began);

            began = System.nanoTime();
            Proof proof = prover.run(
                    new StoredMaterial(BackupReader.open(store, manifest.folder(), keys.export())),
                    ProofOptions.STANDARD,
                    ProofWatch.NONE);
            double whole = since(began);
            if (!proof.level().equals(Optional.of(ProofLevel.MATCHED))) {
                throw new IllegalStateException("The backup was not proven to its rows: " + proof.reason());
            }
            double readable = proof.ladder().subList(0, 3).stream()
                    .mapToDouble(rung -> seconds(rung.duration()))
                    .sum();
            ProofRung matched = proof.ladder().get(4);
            return new Round(plain, backup, whole, readable, seconds(proof.rto()), seconds(matched.duration()));
        } finally {
            Machine.delete(folder);
        }
    }

    private static Manifest take(SourceServer source, FolderStore store, ProjectKeys keys, @Nullable Budget evidence) {
        var request = new BackupRequest(
                source.endpoint(),
                List.of(source.endpoint().database()),
                keys.project(),
                "benchmark",
                "source",
                UUID.randomUUID(),
                null,
                BackupRequest.Options.defaults().withEvidence(evidence),
                Map.of());
        return new TakePhysicalBackup(store, keys, Clock.system(), request, BackupProgress.NONE).run();
    }

    private static double since(long nanos) {
        return (System.nanoTime() - nanos) / 1e9;
    }

    private static double seconds(@Nullable Duration duration) {
        if (duration == null) {
            throw new IllegalStateException("The proof does not say how long it took.");
        }
        return duration.toNanos() / 1e9;
    }

    private static String report(List<String> circumstances, List<Round> rounds) {
        StringBuilder text = new StringBuilder("# Proof benchmark\n\n");
        circumstances.forEach(line -> text.append("- ").append(line).append('\n'));
        text.append("\nMedians; ratios are medians over the rounds, to the backup of the same round.\n\n")
                .append(
                        "| | wall s | to the backup without evidence | to the backup with evidence |\n|---|---|---|---|\n");
        line(text, "backup without evidence", rounds, Round::plain);
        line(text, "backup with evidence", rounds, Round::backup);
        line(text, "proof up to Matched", rounds, Round::proof);
        line(text, "— up to Readable", rounds, Round::readable);
        line(text, "— time to restore", rounds, Round::restore);
        line(text, "— comparing rows", rounds, Round::match);
        line(text, "— the rest: promotion, amcheck, cleaning up", rounds, Round::rest);
        text.append("\nEvery round: backup without evidence / with evidence / proof, wall seconds:");
        rounds.forEach(round -> text.append(
                String.format(Locale.ROOT, " %.2f/%.2f/%.2f", round.plain(), round.backup(), round.proof())));
        return text.append('\n').toString();
    }

    private static void line(StringBuilder text, String title, List<Round> rounds, ToDoubleFunction<Round> figure) {
        text.append(String.format(
                Locale.ROOT,
                "| %s | %.2f | %.2f | %.2f |\n",
                title,
                Series.median(rounds.stream().mapToDouble(figure)),
                Series.median(rounds.stream().mapToDouble(each -> figure.applyAsDouble(each) / each.plain())),
                Series.median(rounds.stream().mapToDouble(each -> figure.applyAsDouble(each) / each.backup()))));
    }
}
