package dev.nightshift.runtime;

import dev.nightshift.access.Authentication;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Problem;
import dev.nightshift.runtime.tls.ServedCertificate;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import java.io.InputStream;
import java.net.URI;
import java.net.URISyntaxException;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentMap;
import javax.net.ssl.HttpsURLConnection;
import org.eclipse.microprofile.config.Config;
import org.eclipse.microprofile.config.ConfigProvider;

/**
 * {@code /openapi} for whoever is logged in. The server's own module makes the document and asks for no login, so the
 * launcher has it listen at an address that nobody can guess, which only this class goes to.
 */
@WebServlet(urlPatterns = "/openapi")
public class ApiDocumentPage extends HttpServlet {
    private static final long serialVersionUID = 1L;

    /** It is long to read and takes the module a while. */
    private static final int MILLIS = 30_000;

    /** By their form; they do not change while the server runs. */
    private final transient ConcurrentMap<String, byte[]> documents = new ConcurrentHashMap<>();

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        response.setHeader("Cache-Control", "no-store");
        try {
            if (Authentication.of(request).isEmpty()) {
                response.setHeader("WWW-Authenticate", "Bearer");
                Edge.refuse(response, Problem.of(401, "Log in, or send an API key in the Authorization header.", null));
                return;
            }
            tell(request, response);
        } catch (Failure.Retryable away) {
            Edge.refuse(response, Problem.of(away));
        }
    }

    private void tell(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String accept = request.getHeader("Accept");
        boolean json = "json".equalsIgnoreCase(request.getParameter("format"))
                || (request.getParameter("format") == null && accept != null && accept.startsWith("application/json"));
        response.setContentType(json ? "application/json" : "text/plain; charset=UTF-8");
        response.getOutputStream().write(documents.computeIfAbsent(json ? "JSON" : "YAML", ApiDocumentPage::ask));
    }

    /** Over HTTPS to this very server: dispatched to within it, the module leaves some answers without an end. */
    private static byte[] ask(String format) {
        Config config = ConfigProvider.getConfig();
        String host =
                config.getOptionalValue("nightshift.http.host", String.class).orElse("127.0.0.1");
        int port =
                config.getOptionalValue("nightshift.https.port", Integer.class).orElse(9443);
        String address = config.getValue("nightshift.openapi", String.class);
        try {
            URI uri = new URI(
                    "https", null, ServedCertificate.reachable(host), port, "/" + address, "format=" + format, null);
            HttpsURLConnection connection = (HttpsURLConnection) uri.toURL().openConnection();
            connection.setSSLSocketFactory(ServedCertificate.believingAny().getSocketFactory());
            connection.setHostnameVerifier((name, session) -> true);
            connection.setConnectTimeout(MILLIS);
            connection.setReadTimeout(MILLIS);
            try (InputStream in = connection.getInputStream()) {
                return in.readAllBytes();
            }
        } catch (IOException | URISyntaxException e) {
            throw new Failure.Retryable("The description of the API is not made yet.", null, e);
        }
    }
}
