package dev.nightshift.access;

import jakarta.annotation.Priority;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.NotAuthorizedException;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.PreMatching;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.ext.Provider;
import java.util.Optional;
import java.util.Set;

/** Lets nothing under /api pass without a login, save the login itself, and nothing that another site's page sent. */
@Provider
@PreMatching
@Priority(Priorities.AUTHENTICATION)
@ApplicationScoped
public class LoginFilter implements ContainerRequestFilter {
    private static final Set<String> OPEN =
            Set.of("GET login", "POST login", "GET login/openid", "GET login/openid/callback");

    @Context
    @SuppressWarnings("NullAway.Init")
    private HttpServletRequest request;

    @Inject
    private Caller caller;

    @Override
    public void filter(ContainerRequestContext context) {
        Optional<Identity> identity = Authentication.of(request);
        boolean cookie = identity.filter(i -> i.kind() == Caller.Kind.PERSON).isPresent();
        if (request.getHeader("Authorization") == null
                && !SameOrigin.allows(
                        context.getMethod(),
                        cookie,
                        request.getHeader("Sec-Fetch-Site"),
                        request.getHeader("Origin"),
                        SameOrigin.own(request.getServerName(), request.getServerPort()))) {
            throw new ForbiddenException(
                    "This request came from another site's page. Programs send an API key in the Authorization header.");
        }
        if (identity.isPresent()) {
            caller.is(identity.get(), request.getRemoteAddr());
        } else if (needsLogin(context.getMethod(), context.getUriInfo().getPath())) {
            throw new NotAuthorizedException(
                    request.getHeader("Authorization") == null
                            ? "Log in, or send an API key in the Authorization header."
                            : "The API key is unknown, has expired or was revoked.",
                    "Bearer");
        }
    }

    /** Everything under /api needs a login, known to us or not, except for logging in. */
    static boolean needsLogin(String method, String path) {
        return !OPEN.contains(method + " " + (path.startsWith("/") ? path.substring(1) : path));
    }
}
