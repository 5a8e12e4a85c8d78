package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.finding.Findings;
import dev.nightshift.fleet.Registration;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.testing.Eventually;
import jakarta.inject.Inject;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.Socket;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Optional;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.stream.Collectors;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.Test;

/** Work that does not end when it is to: it is given up, and what it says later is refused. */
@ArquillianTest
class StopsIT {
    /** Where the work on a target hangs. */
    private static final Map<UUID, Hanging> HANGING = new ConcurrentHashMap<>();

    @Inject
    private Registration registration;

    @Inject
    private Runs runs;

    @Inject
    private Leases leases;

    @Inject
    private Node node;

    @Inject
    private LocalTargets local;

    @Inject
    private Findings findings;

    /** A server that takes connections and answers nothing; what the work said once it had gone. */
    private record Hanging(ServerSocket silent, CompletableFuture<Throwable> late) {}

    /** Reads what never comes: neither a cancel nor an interrupt ends that. */
    static void hang(TargetRun target) {
        try (var silent = new ServerSocket(0, 1, InetAddress.getLoopbackAddress());
                var socket = new Socket(silent.getInetAddress(), silent.getLocalPort())) {
            Socket server = silent.accept();
            var hanging = new Hanging(silent, new CompletableFuture<>());
            HANGING.put(target.targetId(), hanging);
            socket.setSoTimeout(200);
            while (!silent.isClosed()) {
                try {
                    assertEquals(-1, socket.getInputStream().read());
                } catch (java.net.SocketTimeoutException goOn) {
                    Thread.interrupted(); // as a native call would
                }
            }
            server.close();
            try {
                target.figure("late", 1);
                hanging.late().complete(new AssertionError("It was taken."));
            } catch (RuntimeException e) {
                hanging.late().complete(e);
                throw e;
            }
        } catch (IOException e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean isFree(String resource) {
        Long fence = leases.acquire(Leases.Wanted.alone(resource), node.id(), UUID.randomUUID())
                .fence();
        if (fence != null) {
            leases.release(resource, fence);
        }
        return fence != null;
    }

    @Test
    void aTargetThatDoesNotEndIsGivenUpAndItsRunEndsWhileTheThreadStillHangs() throws Exception {
        ProjectId project = TargetBatchletIT.project(registration, "given-up", List.of("hangs"));
        UUID id = hanging(project, 1);
        runs.stop(project, id);
        Run stopped = ended(project, id);
        String reason = "Did not end within 3 s of the stop; given up.";
        Run.Target target = stopped.targets().get(0);
        assertAll(
                () -> assertEquals(RunStatus.STOPPED, stopped.status()),
                () -> assertEquals(TargetStatus.STOPPED, target.status()),
                () -> assertEquals(reason, target.reason()),
                () -> assertEquals(TargetStatus.STOPPED, target.steps().get(0).status()),
                () -> assertEquals(reason, target.steps().get(0).reason()),
                () -> assertTrue(log(project, id).contains("WARN " + reason), log(project, id)),
                () -> assertTrue(isFree(lease(target)), "its lock is free"));
        Eventually.isTrue("the place is free", Duration.ofSeconds(5), () -> !local.works(id));
        assertFalse(Objects.requireNonNull(HANGING.get(target.id())).late().isDone(), "it hangs still");
        runs.restart(project, id, "a test");
        Run again = ended(project, id);
        assertEquals(RunStatus.COMPLETED, again.status(), again::toString);
        assertEquals(
                List.of("1 FIRST null", "2 RETRY a test"),
                again.attempts().stream()
                        .map(each -> each.number() + " " + each.cause() + " " + each.by())
                        .toList());
        lateWordIsRefused(target.id());
        assertEquals(again, runs.get(project, id));
    }

    @Test
    void aRunThatIsDeclaredDeadIsLostWithWhoAndWhyAndStaysSoUntilSomebodyRestartsIt() throws Exception {
        ProjectId project = TargetBatchletIT.project(registration, "declared-dead", List.of("hangs", "fine"));
        UUID id = hanging(project, 1);
        Run dead = runs.declareDead(project, id, "a test", "its machine burns");
        assertAll(
                () -> assertEquals(RunStatus.LOST, dead.status()),
                () -> assertEquals("Declared dead by a test: its machine burns", dead.reason()),
                () -> assertEquals(TargetStatus.LOST, target(dead, "hangs").status()),
                () -> assertEquals(
                        List.of("Frame of hangs was not done"),
                        findings.list(project, true, null, null, 10).items().stream()
                                .map(finding -> finding.report().title())
                                .toList()),
                () -> assertThrows(Failure.Conflict.class, () -> runs.declareDead(project, id, "a test", "once more")));
        Eventually.isTrue("its node lets go of it", Duration.ofSeconds(20), () -> !local.works(id));
        assertEquals(RunStatus.LOST, runs.get(project, id).status());
        lateWordIsRefused(target(dead, "hangs").id());
        Run after = runs.get(project, id);
        assertEquals(RunStatus.LOST, after.status());
        assertEquals(TargetStatus.LOST, target(after, "hangs").status());
        runs.restart(project, id, "a test");
        assertEquals(RunStatus.COMPLETED, ended(project, id).status());
    }

    @Test
    void whatHasNotBegunWhenTheRunIsStoppedDoesNotBegin() throws Exception {
        // Four of them are worked on at once, in an order of their own
        ProjectId project = TargetBatchletIT.project(
                registration, "not-begun", List.of("hangs-1", "hangs-2", "hangs-3", "hangs-4", "hangs-5", "hangs-6"));
        UUID id = hanging(project, 4);
        runs.stop(project, id);
        Run stopped = ended(project, id);
        assertEquals(RunStatus.STOPPED, stopped.status());
        for (Run.Target target : stopped.targets()) {
            boolean begun = HANGING.containsKey(target.id());
            assertEquals(
                    begun ? "Did not end within 3 s of the stop; given up." : "Stopped before it began.",
                    target.reason());
            if (begun) {
                lateWordIsRefused(target.id());
            }
        }
        assertEquals(stopped, runs.get(project, id));
    }

    /** The hanging thread goes on, at last. */
    private static void lateWordIsRefused(UUID target) throws Exception {
        Hanging hanging = Objects.requireNonNull(HANGING.get(target));
        hanging.silent().close();
        assertInstanceOf(TakenOver.class, hanging.late().get(30, TimeUnit.SECONDS));
    }

    private UUID hanging(ProjectId project, int targets) {
        UUID id = runs.request(project, request());
        Eventually.isTrue(
                "the work hangs",
                Duration.ofSeconds(60),
                () -> runs.get(project, id).targets().stream()
                                .filter(target -> HANGING.containsKey(target.id()))
                                .count()
                        == targets);
        return id;
    }

    private static String lease(Run.Target target) {
        return "database:" + target.databaseId() + ":frame";
    }

    private static Run.Target target(Run run, String database) {
        return run.targets().stream()
                .filter(target -> database.equals(target.database()))
                .findFirst()
                .orElseThrow();
    }

    private static RunRequest request() {
        return new RunRequest(
                "frame", List.of("*"), JsonValue.EMPTY_JSON_OBJECT, RunRequest.Trigger.PERSON, "a test", null, null);
    }

    private Run ended(ProjectId project, UUID run) {
        return Eventually.get(
                "the end of run " + run,
                Duration.ofSeconds(60),
                () -> Optional.of(runs.get(project, run))
                        .filter(found -> found.status().isOver()));
    }

    private String log(ProjectId project, UUID run) {
        return runs.log(project, run, RunLog.Asked.ALL, 0, 500).items().stream()
                .map(line -> line.level() + " " + line.text())
                .collect(Collectors.joining("\n"));
    }
}
