package dev.nightshift.access;

import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.security.enterprise.AuthenticationStatus;
import jakarta.security.enterprise.CallerPrincipal;
import jakarta.security.enterprise.authentication.mechanism.http.HttpAuthenticationMechanism;
import jakarta.security.enterprise.authentication.mechanism.http.HttpMessageContext;
import jakarta.servlet.http.Cookie;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who sends a request: an API key in the Authorization header, or else, on HTTPS, the session's cookie. It only
 * tells the container; what needs a login is decided by the filters behind it.
 *
 * <p>The session is ours and not the container's, whose registered sessions do not survive a restart of the server.
 */
@ApplicationScoped
public class Authentication implements HttpAuthenticationMechanism {
    /** The __Host- prefix makes browsers insist on HTTPS, on Path=/ and on no other host having set it. */
    static final String COOKIE = "__Host-nightshift";

    private static final String ATTRIBUTES = "; Path=/; Secure; HttpOnly; SameSite=Strict";
    private static final String BEARER = "Bearer ";
    private static final String IDENTITY = Identity.class.getName();
    private static final String FAILURE = Failure.class.getName();

    @Inject
    private Sessions sessions;

    @Inject
    private Keys keys;

    static String setCookie(Secret session) {
        return COOKIE + "=" + session.value() + ATTRIBUTES;
    }

    static String removeCookie() {
        return COOKIE + "=; Max-Age=0" + ATTRIBUTES;
    }

    @Override
    public AuthenticationStatus validateRequest(
            HttpServletRequest request, HttpServletResponse response, HttpMessageContext context) {
        Optional<Identity> identity;
        try {
            identity = identify(request);
        } catch (Failure.Retryable away) {
            // Not a wrong login: the filter answers 503 rather than 401
            request.setAttribute(FAILURE, away);
            return context.doNothing();
        }
        if (identity.isEmpty()) {
            return context.doNothing();
        }
        Identity who = identity.get();
        request.setAttribute(IDENTITY, who);
        return context.notifyContainerAboutLogin(
                new CallerPrincipal((who.kind() == Caller.Kind.KEY ? "key:" : "") + who.name()),
                who.installationAdmin() ? Set.of("user", "installation-admin") : Set.of("user"));
    }

    private Optional<Identity> identify(HttpServletRequest request) {
        String authorization = request.getHeader("Authorization");
        if (authorization != null) {
            return authorization.regionMatches(true, 0, BEARER, 0, BEARER.length())
                    ? keys.find(authorization.substring(BEARER.length()).strip())
                    : Optional.empty();
        }
        String cookie = request.isSecure() ? cookie(request) : null;
        return cookie == null ? Optional.empty() : sessions.find(cookie);
    }

    private static @Nullable String cookie(HttpServletRequest request) {
        Cookie[] cookies = request.getCookies();
        if (cookies != null) {
            for (Cookie cookie : cookies) {
                if (cookie.getName().equals(COOKIE)) {
                    return cookie.getValue();
                }
            }
        }
        return null;
    }

    /**
     * Who sent the request, as found out before any filter ran.
     *
     * @throws Failure.Retryable if the repository was away when it was asked
     */
    public static Optional<Identity> of(HttpServletRequest request) {
        if (request.getAttribute(FAILURE) instanceof Failure failure) {
            throw failure;
        }
        return Optional.ofNullable((Identity) request.getAttribute(IDENTITY));
    }
}
