package dev.nightshift.access;

import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Whether a request that changes something was made by our own pages. A browser sends the cookie along with what other
 * sites make it send, and then says so in Sec-Fetch-Site, or at least in Origin (OWASP, CSRF Prevention Cheat Sheet).
 */
public final class SameOrigin {
    private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");

    private SameOrigin() {}

    /**
     * @param cookie whether the request's login came from the cookie, which browsers send by themselves
     * @param site the Sec-Fetch-Site header
     * @param origin the Origin header
     * @param own our own origin as the browser sees it, {@code https://host:port}
     */
    static boolean allows(
            String method, boolean cookie, @Nullable String site, @Nullable String origin, @Nullable String own) {
        if (SAFE.contains(method)) {
            return true;
        }
        if (site != null) {
            return site.equals("same-origin");
        }
        return origin == null ? !cookie : matches(origin, own);
    }

    /** Our own origin as the browser sees it; HTTP/2 has no Host header, so the name comes from the container. */
    public static String own(String host, int port) {
        return "https://" + host + ":" + port;
    }

    /** Exactly the same scheme, host and port; a missing port means the scheme's own. */
    public static boolean matches(@Nullable String origin, @Nullable String own) {
        return origin != null && own != null && plain(origin).equals(plain(own));
    }

    private static String plain(String origin) {
        String lower = origin.toLowerCase(Locale.ROOT);
        return lower.startsWith("https://") && lower.endsWith(":443") ? lower.substring(0, lower.length() - 4) : lower;
    }
}
