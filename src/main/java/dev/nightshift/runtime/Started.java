package dev.nightshift.runtime;

import dev.nightshift.job.Beat;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.ObservesAsync;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Startup;

/** Up once this node has registered in the repository. */
@Startup
@ApplicationScoped
public class Started implements HealthCheck {
    private volatile boolean registered;

    void registered(@ObservesAsync Beat beat) {
        registered = true;
    }

    @Override
    public HealthCheckResponse call() {
        var response = HealthCheckResponse.named("nightshift");
        return registered
                ? response.up().build()
                : response.down()
                        .withData("reason", "The node has not registered in the repository yet.")
                        .build();
    }
}
