package dev.nightshift.runtime;

import java.net.InetAddress;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** What the edge decides from a request's path and headers alone. */
final class EdgeRules {
    /** Addresses that no file of the console has. */
    private static final List<String> NO_FILES =
            List.of("/api", "/health", "/metrics", "/openapi", "/live", "/WEB-INF", "/META-INF");

    private EdgeRules() {}

    /** What becomes of a request over plain HTTP. */
    enum Plain {
        SERVED,
        SENT_TO_HTTPS,
        REFUSED
    }

    static Plain plain(PlainHttp mode, String path, @Nullable String authorization, InetAddress from) {
        return switch (mode) {
            case LOCAL -> plainHttpServes(path, authorization, from) ? Plain.SERVED : Plain.REFUSED;
            case REDIRECT -> Plain.SENT_TO_HTTPS;
            case OFF -> Plain.REFUSED; // should the port be open after all
        };
    }

    /** The same address over HTTPS. */
    static String https(String host, int port, String path, @Nullable String query) {
        return "https://" + host + (port == 443 ? "" : ":" + port) + path + (query == null ? "" : "?" + query);
    }

    /** Plain HTTP carries no cookie and no password: on loopback a script's API key, from elsewhere nothing. */
    static boolean plainHttpServes(String path, @Nullable String authorization, InetAddress from) {
        return under(path, "/api")
                && from.isLoopbackAddress()
                && authorization != null
                && authorization.toLowerCase(Locale.ROOT).startsWith("bearer ");
    }

    static String cacheControl(String path) {
        if (under(path, "/assets")) {
            // Their names carry a hash of their content
            return "public, max-age=31536000, immutable";
        }
        return under(path, "/api") ? "no-store" : "no-cache";
    }

    /** Whether the address is one of the console: a file, or a page that its script shows. */
    static boolean file(String path) {
        return NO_FILES.stream().noneMatch(prefix -> under(path, prefix));
    }

    /** Whether a browser asks for a page, as opposed to a file or data. */
    static boolean page(String method, String path, @Nullable String accept) {
        return method.equals("GET")
                && accept != null
                && accept.contains("text/html")
                && file(path)
                && !under(path, "/assets");
    }

    /** The path itself or something below it; {@code /apis} is not under {@code /api}. */
    private static boolean under(String path, String prefix) {
        return path.equals(prefix) || path.startsWith(prefix + "/");
    }
}
