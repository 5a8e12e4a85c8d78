package dev.nightshift.access;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.TypedSettings;
import jakarta.annotation.PostConstruct;
import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.Provider;
import java.time.Duration;
import org.eclipse.microprofile.config.Config;

/** Answers 429 to an API key that asks more often than it may. People are as fast as they are. */
@Provider
@PreMatching
@Priority(Priorities.AUTHENTICATION + 1)
@ApplicationScoped
public class RequestLimitFilter implements ContainerRequestFilter {
    private static final int USUAL = 1000;
    private static final int MOST = 1_000_000;

    @Inject
    private Config config;

    @Inject
    private Caller caller;

    @Inject
    private Clock clock;

    @SuppressWarnings("NullAway.Init")
    private RequestLimit limit;

    @PostConstruct
    void begin() {
        limit = new RequestLimit(perMinute(new TypedSettings(name -> config.getOptionalValue(name, String.class))));
    }

    /**
     * {@code nightshift.requests.per.minute}: requests of one API key on one node; 1000.
     *
     * @throws IllegalArgumentException if it cannot be used; the message names the setting
     */
    public static int perMinute(TypedSettings settings) {
        return settings.count("nightshift.requests.per.minute", USUAL, MOST);
    }

    @Override
    public void filter(ContainerRequestContext context) {
        caller.identity().filter(who -> who.kind() == Caller.Kind.KEY).ifPresent(who -> {
            Duration wait = limit.take(who.id(), clock.now());
            if (!wait.isZero()) {
                throw new WebApplicationException(
                        "The key \"" + who.name() + "\" makes too many requests. Wait as long as Retry-After says,"
                                + " and ask for more at once or less often.",
                        Response.status(Response.Status.TOO_MANY_REQUESTS)
                                .header(HttpHeaders.RETRY_AFTER, wait.toSeconds() + 1)
                                .build());
            }
        });
    }
}
