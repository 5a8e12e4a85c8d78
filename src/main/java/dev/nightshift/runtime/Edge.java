package dev.nightshift.runtime;

import dev.nightshift.kernel.Problem;
import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import jakarta.servlet.FilterChain;
import jakarta.servlet.ServletException;
import jakarta.servlet.annotation.WebFilter;
import jakarta.servlet.http.HttpFilter;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * What every response of the application carries, and what plain HTTP is refused. Health and metrics are the server's
 * own modules and do not pass here.
 */
@WebFilter(urlPatterns = "/*", asyncSupported = true)
public class Edge extends HttpFilter {
    private static final long serialVersionUID = 1L;

    private static final String CONTENT_SECURITY_POLICY = "default-src 'self'; style-src 'self'; img-src 'self' data:;"
            + " connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'; object-src 'none'";

    private static final String PERMISSIONS_POLICY =
            "accelerometer=(), camera=(), geolocation=(), gyroscope=(), microphone=(), payment=(), usb=()";

    private static final String PLAIN_HTTP =
            "Plain HTTP serves /health, and on this machine itself /api with an API key.";

    @Override
    protected void doFilter(HttpServletRequest request, HttpServletResponse response, FilterChain chain)
            throws IOException, ServletException {
        String path = request.getRequestURI();
        headers(request, response);
        if (!request.isSecure() && !servedPlain(request, response)) {
            return;
        }
        if (EdgeRules.file(path) && request.getServletContext().getResource(path) == null) {
            if (EdgeRules.page(request.getMethod(), path, request.getHeader("Accept"))) {
                // A page of the console, which reads the address itself
                request.getRequestDispatcher("/index.html").forward(request, response);
            } else {
                response.setHeader("Cache-Control", "no-store");
                refuse(response, Problem.of(404, "There is nothing at this address.", null));
            }
            return;
        }
        chain.doFilter(request, response);
    }

    /** Whether the request goes on; else it has been answered. */
    private static boolean servedPlain(HttpServletRequest request, HttpServletResponse response) throws IOException {
        Config config = ConfigProvider.getConfig();
        PlainHttp mode = config.getOptionalValue("nightshift.http", String.class)
                .flatMap(PlainHttp::of)
                .orElse(PlainHttp.LOCAL);
        int port =
                config.getOptionalValue("nightshift.https.port", Integer.class).orElse(9443);
        String host = request.getServerName();
        switch (EdgeRules.plain(
                mode,
                request.getRequestURI(),
                request.getHeader("Authorization"),
                InetAddress.getByName(request.getRemoteAddr()))) {
            case SERVED -> {
                return true;
            }
            case SENT_TO_HTTPS -> {
                response.setStatus(308); // the method stays, unlike with 301
                response.setHeader(
                        "Location", EdgeRules.https(host, port, request.getRequestURI(), request.getQueryString()));
            }
            case REFUSED ->
                refuse(
                        response,
                        "HTTPS needed",
                        Problem.of(403, PLAIN_HTTP, "Use " + EdgeRules.https(host, port, "/", null) + "."));
        }
        return false;
    }

    /** What every answer carries, whatever it is. */
    static void headers(HttpServletRequest request, HttpServletResponse response) {
        response.setHeader("Content-Security-Policy", CONTENT_SECURITY_POLICY);
        response.setHeader("X-Content-Type-Options", "nosniff");
        response.setHeader("Referrer-Policy", "same-origin");
        response.setHeader("Permissions-Policy", PERMISSIONS_POLICY);
        response.setHeader("Cross-Origin-Opener-Policy", "same-origin");
        response.setHeader("Cross-Origin-Resource-Policy", "same-origin");
        response.setHeader("Cache-Control", EdgeRules.cacheControl(request.getRequestURI()));
        if (request.isSecure()) {
            response.setHeader("Strict-Transport-Security", "max-age=31536000");
        }
    }

    /** Written by hand: no JSON-B is at work outside of REST. */
    static void refuse(HttpServletResponse response, Problem problem) throws IOException {
        refuse(response, problem.title(), problem);
    }

    private static void refuse(HttpServletResponse response, String title, Problem problem) throws IOException {
        JsonObjectBuilder json = Json.createObjectBuilder()
                .add("type", problem.type())
                .add("title", title)
                .add("status", problem.status())
                .add("detail", problem.detail());
        if (problem.remedy() != null) {
            json.add("remedy", problem.remedy());
        }
        response.setStatus(problem.status());
        response.setContentType(Problem.MEDIA_TYPE);
        response.getOutputStream().write(json.build().toString().getBytes(StandardCharsets.UTF_8));
    }
}
