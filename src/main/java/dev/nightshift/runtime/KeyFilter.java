package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Problem;
import dev.nightshift.vault.Keyring;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.Provider;

/** Answers every request with 503 while the master key is missing, the wrong one or not to be used: before the login, before anything. */
@Provider
@PreMatching
@Priority(100)
@ApplicationScoped
public class KeyFilter implements ContainerRequestFilter {
    @Inject
    private Keyring keyring;

    @Override
    public void filter(ContainerRequestContext context) {
        try {
            keyring.check();
        } catch (Failure.Fatal refused) {
            context.abortWith(Response.status(503)
                    .type(Problem.MEDIA_TYPE)
                    .entity(Problem.of(503, String.valueOf(refused.getMessage()), refused.remedy()))
                    .build());
        }
    }
}
