package dev.nightshift.testing;

import java.time.Duration;
import java.util.List;
import java.util.Optional;

/** What the first start plays on the demo database: a backup, its drill, and a vacuum. */
final class DemoRound {
    private DemoRound() {}

    /** Waits until it is over; an AssertionError if it went wrong. */
    static void await(Api admin) {
        TestProject project = TestProject.of(admin, "demo");
        for (String job : List.of("backup", "restore-drill", "vacuum")) {
            var run = Eventually.get(
                    "the demo round's " + job,
                    Duration.ofMinutes(6),
                    () -> Optional.of(admin.get(project.path("runs?trigger=START&job=" + job)))
                            .filter(answer -> answer.status() == 200) // registered with the first heartbeat
                            .stream()
                            .flatMap(answer -> answer.items().stream())
                            .filter(found -> TestProject.hasEnded(found.getString("status")))
                            .findFirst());
            if (!run.getString("status").equals("COMPLETED")) {
                throw new AssertionError(run + "\n" + project.log(run.getString("id")));
            }
        }
    }
}
