package dev.nightshift.runtime;

import dev.nightshift.job.Node;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;

/** Whether a load balancer should send requests here: the repository answers and the node does not drain. */
@Readiness
@ApplicationScoped
public class Ready implements HealthCheck {
    @Inject
    private Transactions transactions;

    @Inject
    private Node node;

    @Override
    public HealthCheckResponse call() {
        var response = HealthCheckResponse.named("nightshift").withData("node", node.name());
        if (node.draining()) {
            return response.down().withData("reason", "The node drains.").build();
        }
        try {
            boolean answers = transactions.installation(connection -> connection.isValid(2));
            return answers
                    ? response.up().build()
                    : response.down()
                            .withData("reason", "The repository database does not answer.")
                            .build();
        } catch (Failure e) {
            return response.down().withData("reason", e.getMessage()).build();
        }
    }
}
