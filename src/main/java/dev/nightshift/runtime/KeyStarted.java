package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Readiness;
import org.eclipse.microprofile.health.Startup;

/** Neither started nor ready without the right master key. */
@Startup
@Readiness
@ApplicationScoped
public class KeyStarted implements HealthCheck {
    static final String NAME = "master key";

    @Inject
    private Keyring keyring;

    @Override
    public HealthCheckResponse call() {
        var response = HealthCheckResponse.named(NAME);
        try {
            keyring.check();
            return response.up().build();
        } catch (Failure failure) {
            response.down().withData("reason", failure.getMessage());
            String remedy = failure.remedy();
            return (remedy == null ? response : response.withData("remedy", remedy)).build();
        }
    }
}
