package dev.nightshift.postgres;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.security.KeyStore;
import java.security.cert.X509Certificate;
import java.util.Arrays;
import java.util.Base64;
import java.util.Collections;
import java.util.HashMap;
import java.util.Map;
import java.util.stream.Collectors;
import javax.net.ssl.TrustManager;
import javax.net.ssl.TrustManagerFactory;
import javax.net.ssl.X509TrustManager;
import org.jspecify.annotations.Nullable;

/**
 * How a program of PostgreSQL logs in to an endpoint: by its environment alone, so that nothing is seen in a list of
 * processes, and nothing of this process's environment, home folder or configuration has a part in it. It connects to the very
 * addresses that were looked at, whatever the name means a moment later.
 */
public final class ToolLogin implements AutoCloseable {
    /** No folder: libpq would read passwords, services and certificates there. */
    private static final String NOWHERE = "/nonexistent";

    private final Map<String, String> environment;
    private final @Nullable Path authorities;

    private ToolLogin(Map<String, String> environment, @Nullable Path authorities) {
        this.environment = Map.copyOf(environment);
        this.authorities = authorities;
    }

    /**
     * Prepares it.
     *
     * @throws Failure.Skippable if the host may not be connected to, a file not be used, or the password is not to be had
     * @throws Failure.Retryable if the host's name means nothing now
     */
    public static ToolLogin of(Endpoint endpoint) {
        Map<String, String> all = new HashMap<>(clean());
        String addresses = addresses(endpoint);
        int count = addresses.split(",", -1).length;
        all.put("PGHOST", String.join(",", Collections.nCopies(count, endpoint.host())));
        all.put("PGHOSTADDR", addresses);
        all.put("PGPORT", Integer.toString(endpoint.port()));
        all.put("PGDATABASE", endpoint.database());
        all.put("PGUSER", endpoint.user());
        var password = endpoint.password();
        if (password != null) {
            all.put("PGPASSWORD", password.get());
        }
        all.put("PGSSLMODE", endpoint.tls().text());
        all.put("PGCONNECT_TIMEOUT", Long.toString(endpoint.connectTimeout().toSeconds()));
        all.put("PGTARGETSESSIONATTRS", "any");
        ClientCertificate shown = endpoint.clientCertificate();
        if (shown != null) {
            all.put(
                    "PGSSLCERT",
                    endpoint.boundary()
                            .allowed("client certificate", shown.certificate())
                            .toString());
            all.put(
                    "PGSSLKEY",
                    endpoint.boundary().allowed("client key", shown.key()).toString());
        }
        Path root = endpoint.rootCertificate();
        if (root != null) {
            all.put(
                    "PGSSLROOTCERT",
                    endpoint.boundary().allowed("root certificate", root).toString());
        } else if (endpoint.tls().verifies()) {
            Path own = ownAuthorities();
            all.put("PGSSLROOTCERT", own.toString());
            return new ToolLogin(all, own);
        }
        return new ToolLogin(all, null);
    }

    /** What every such program gets, wherever it connects to. */
    static Map<String, String> clean() {
        return Map.of(
                "PATH", "/usr/bin:/bin",
                "LANG", "C",
                "LC_ALL", "C",
                "HOME", NOWHERE,
                "PGPASSFILE", NOWHERE + "/pgpass",
                "PGSERVICEFILE", NOWHERE + "/pg_service.conf",
                "PGSYSCONFDIR", NOWHERE,
                "PGGSSENCMODE", "disable",
                "PGAPPNAME", "nightshift");
    }

    private static String addresses(Endpoint endpoint) {
        try {
            InetAddress[] found = InetAddress.getAllByName(endpoint.host());
            for (InetAddress address : found) {
                endpoint.boundary().forbidden().check(endpoint.host(), address);
            }
            return Arrays.stream(found).map(InetAddress::getHostAddress).collect(Collectors.joining(","));
        } catch (IOException e) {
            throw SqlFailure.of("Connecting to " + endpoint.host() + ":" + endpoint.port(), e);
        }
    }

    /** The JDK's trusted authorities, as our own connections use them, in a file that libpq reads. */
    private static Path ownAuthorities() {
        try {
            TrustManagerFactory managers = TrustManagerFactory.getInstance("PKIX");
            managers.init((KeyStore) null);
            StringBuilder text = new StringBuilder();
            Base64.Encoder encoder = Base64.getMimeEncoder(64, new byte[] {'\n'});
            for (TrustManager manager : managers.getTrustManagers()) {
                if (manager instanceof X509TrustManager trusted) {
                    for (X509Certificate each : trusted.getAcceptedIssuers()) {
                        text.append("-----BEGIN CERTIFICATE-----\n")
                                .append(encoder.encodeToString(each.getEncoded()))
                                .append("\n-----END CERTIFICATE-----\n");
                    }
                }
            }
            return Files.writeString(
                    Files.createTempFile("nightshift-authorities", ".pem"), text, StandardCharsets.US_ASCII);
        } catch (IOException | GeneralSecurityException e) {
            throw new Failure.Retryable(
                    "The JDK's certificates cannot be written for a program: " + e.getMessage(), null, e);
        }
    }

    /** Holds the password: for the program alone, never for a log. */
    Map<String, String> environment() {
        return environment;
    }

    @Override
    public void close() {
        if (authorities != null) {
            try {
                Files.deleteIfExists(authorities);
            } catch (IOException e) {
                authorities.toFile().deleteOnExit(); // no secret
            }
        }
    }
}
