package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.fleet.NewDatabase;
import dev.nightshift.fleet.Registration;
import dev.nightshift.fleet.VacuumSettings;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.UnreachableServer;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Collectors;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What the frame makes of a target, by how the work on it ends: with a job of the test's own, in the batch runtime. */
@ArquillianTest
class TargetBatchletIT {
    private static final List<String> DATABASES =
            List.of("well", "retried", "unreachable", "skipped", "failed", "surprised");

    /** How often each database was tried. */
    private static final Map<String, Integer> TRIED = new ConcurrentHashMap<>();

    @Inject
    private Registration registration;

    @Inject
    private Runs runs;

    @Inject
    private Findings findings;

    /** Its JSL is among the test resources. */
    @ApplicationScoped
    static class FrameJob implements Job {
        @Override
        public JobDefinition definition() {
            return new JobDefinition(
                    "frame",
                    "Frame",
                    "Of a test.",
                    Unit.DATABASE,
                    "frame",
                    false,
                    Severity.CRITICAL,
                    Severity.INFO,
                    List.of("work"),
                    List.of());
        }
    }

    /** Ends as the target's database is named. */
    @Named("frameWork")
    @Dependent
    static class FrameWork extends TargetBatchlet {
        @Override
        protected void work(TargetRun target) {
            String database = target.databaseNames().get(0);
            int tries = TRIED.merge(database, 1, Integer::sum);
            target.begin("work");
            if (database.startsWith("hangs") && target.attempt() == 1) {
                StopsIT.hang(target);
            }
            switch (database) {
                case "retried" -> {
                    if (tries == 1) {
                        throw new Failure.Retryable("The line was cut.", null, null);
                    }
                }
                case "unreachable" -> throw new Failure.Retryable("Nobody answers.", "Start the server.", null);
                case "skipped", "left-out" -> throw new Failure.Skippable("A privilege is missing.", "Grant it.", null);
                case "failed" -> throw new Failure.Fatal("The store is damaged.", "Use another one.", null);
                case "surprised" -> throw new UnsupportedOperationException("a bug");
                default -> {}
            }
            target.done("work", "1 thing");
        }
    }

    @Test
    void aTargetIsTriedAgainSkippedOrFailedByTheTypeOfItsFailure() {
        ProjectId project = project(registration, "frame", DATABASES);
        UUID id = runs.request(
                project,
                new RunRequest(
                        "frame",
                        List.of("*"),
                        JsonValue.EMPTY_JSON_OBJECT,
                        RunRequest.Trigger.PERSON,
                        "a test",
                        null,
                        null));
        Run run = Eventually.get(
                "the end of run " + id,
                Duration.ofMinutes(2),
                () -> Optional.of(runs.get(project, id))
                        .filter(found -> found.status().isOver()));
        assertEquals(RunStatus.PARTIAL, run.status());
        assertEquals(
                Map.of(
                        "well", completed(1),
                        "retried", completed(2),
                        "unreachable", ended(TargetStatus.FAILED, "Nobody answers.", "Start the server.", 3),
                        "skipped", ended(TargetStatus.SKIPPED, "A privilege is missing.", "Grant it.", 1),
                        "failed", ended(TargetStatus.FAILED, "The store is damaged.", "Use another one.", 1),
                        "surprised",
                                ended(
                                        TargetStatus.FAILED,
                                        "An error that Nightshift did not expect: java.lang.UnsupportedOperationException:"
                                                + " a bug. The server's log has the details.",
                                        null,
                                        1)),
                run.targets().stream().collect(Collectors.toMap(TargetBatchletIT::name, TargetBatchletIT::end)));
        String log = runs.log(project, id, RunLog.Asked.ALL, 0, 500).items().stream()
                .map(line -> line.level() + " " + line.text())
                .collect(Collectors.joining("\n"));
        assertTrue(log.contains("WARN The line was cut. Trying again in "), log);
        assertTrue(log.contains("WARN A privilege is missing."), log);
        assertTrue(log.contains("ERROR The store is damaged."), log);
        assertEquals(
                Set.of(
                        "CRITICAL Frame of unreachable failed",
                        "INFO Frame of skipped was skipped",
                        "CRITICAL Frame of failed failed",
                        "CRITICAL Frame of surprised failed"),
                findings.list(project, true, null, null, 100).items().stream()
                        .map(finding -> finding.report().severity() + " "
                                + finding.report().title())
                        .collect(Collectors.toSet()));
    }

    /** What became of a target and its only step. */
    private record End(
            TargetStatus status,
            @Nullable String reason,
            @Nullable String remedy,
            TargetStatus step,
            @Nullable String figure,
            int tries) {}

    private static End completed(int tries) {
        return new End(TargetStatus.COMPLETED, null, null, TargetStatus.COMPLETED, "1 thing", tries);
    }

    private static End ended(TargetStatus status, String reason, @Nullable String remedy, int tries) {
        return new End(status, reason, remedy, status, null, tries);
    }

    private static End end(Run.Target target) {
        Run.Step step = target.steps().get(0);
        return new End(
                target.status(),
                target.reason(),
                target.remedy(),
                step.status(),
                step.figure(),
                TRIED.getOrDefault(name(target), 0));
    }

    private static String name(Run.Target target) {
        return String.valueOf(target.database());
    }

    /** On a server that does not answer: no work of this job asks it. */
    static ProjectId project(Registration registration, String name, List<String> databases) {
        UnreachableServer server = UnreachableServer.register(registration, name);
        for (String database : databases) {
            registration.database(
                    server.project(),
                    server.instance(),
                    new NewDatabase(new Name(database), database, List.of(), VacuumSettings.standard()));
        }
        return server.project();
    }
}
