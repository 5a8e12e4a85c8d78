package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import java.time.Duration;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

@Tag("thorough")
class RepositoryAwayIT {
    private final Nightshift nightshift = Nightshift.shared();

    @Test
    void requestsAreRefusedWhileItIsAwayAndAllComesBackByItself() {
        nightshift.awaitDemoRound();
        Api plain = Api.at(nightshift.http());
        nightshift.repository().stop();
        try {
            Api.Answer refused = Eventually.get(
                    "503 while the repository is away",
                    Duration.ofSeconds(20),
                    () -> java.util.Optional.of(nightshift.admin().get("api/projects"))
                            .filter(answer -> answer.status() == 503));
            assertTrue(String.valueOf(refused.header("Content-Type")).startsWith("application/problem+json"));
            assertEquals(503, refused.object().getInt("status"));
            assertTrue(!refused.object().getString("detail").isBlank());
            Eventually.isTrue(
                    "ready is down",
                    Duration.ofSeconds(20),
                    () -> plain.get("health/ready").status() == 503);
            plain.get("health/live").expect(200);
            Eventually.sleep(Duration.ofSeconds(12)); // two heartbeats are missed
        } finally {
            nightshift.repository().start();
        }
        Eventually.isTrue(
                "ready is up again",
                Duration.ofSeconds(60),
                () -> plain.get("health/ready").status() == 200);
        Eventually.isTrue(
                "requests are answered again",
                Duration.ofSeconds(30),
                () -> nightshift.admin().get("api/projects").status() == 200);
        TestProject.of(nightshift.admin(), "demo").complete("vacuum", "demo", TestProject.none());
    }
}
