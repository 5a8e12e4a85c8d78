package dev.nightshift.fleet;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Roots;
import dev.nightshift.postgres.ClientCertificate;
import dev.nightshift.postgres.TlsMode;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a request that say where a server is and how to log in; null where left out.
 *
 * @param password empty for none
 * @param passwordFile empty for none
 * @param passwordVariable empty for none
 * @param rootCertificate empty for none
 * @param clientCertificate empty for none
 * @param clientKey empty for none
 */
record ServerFields(
        @Nullable String host,
        @Nullable Integer port,
        @Nullable List<String> members,
        @Nullable String user,
        @Nullable String password,
        @Nullable String passwordFile,
        @Nullable String passwordVariable,
        @Nullable String tlsMode,
        @Nullable String rootCertificate,
        @Nullable String clientCertificate,
        @Nullable String clientKey,
        @Nullable String maintenanceDatabase,
        @Nullable List<String> tags,
        @Nullable Integer proofDays) {
    private static final int USUAL_PORT = 5432;

    /** For a server that is not stored: what is left out has its usual value, where there is one. */
    Server server(Roots roots) {
        return new Server(
                Checks.required("host", host),
                port == null ? USUAL_PORT : port,
                members == null ? List.of() : members,
                Checks.required("user", user),
                Secret.asked(password, passwordFile, passwordVariable, roots),
                Checks.tls(tlsMode),
                Checks.file("rootCertificate", rootCertificate, roots),
                certificate(null, roots),
                maintenanceDatabase == null ? "postgres" : maintenanceDatabase,
                Checks.tags(tags),
                proofDays == null ? Server.USUAL_PROOF_DAYS : proofDays);
    }

    /** For a change: what is left out stays as it is. */
    Server server(Instance stored, Roots roots) {
        TlsMode tls = tlsMode == null ? stored.tls() : Checks.tls(tlsMode);
        return new Server(
                host == null ? stored.host() : host,
                port == null ? stored.port() : port,
                members == null ? stored.members() : members,
                user == null ? stored.user() : user,
                Secret.asked(password, passwordFile, passwordVariable, roots),
                tls,
                rootCertificate == null
                        ? stored.rootCertificate()
                        : Checks.file("rootCertificate", rootCertificate, roots),
                certificate(stored.clientCertificate(), roots),
                maintenanceDatabase == null ? stored.maintenanceDatabase() : maintenanceDatabase,
                tags == null ? stored.tags() : Checks.tags(tags),
                proofDays == null ? stored.proofDays() : proofDays);
    }

    /**
     * For what stands on a registered instance and has no server of its own. Its tags are its own.
     *
     * @throws Failure.Invalid if there is any
     */
    void refuse() {
        Map<String, Object> given = new LinkedHashMap<>();
        given.put("host", host);
        given.put("port", port);
        given.put("members", members);
        given.put("user", user);
        given.put("password", password);
        given.put("passwordFile", passwordFile);
        given.put("passwordVariable", passwordVariable);
        given.put("tlsMode", tlsMode);
        given.put("rootCertificate", rootCertificate);
        given.put("clientCertificate", clientCertificate);
        given.put("clientKey", clientKey);
        given.put("maintenanceDatabase", maintenanceDatabase);
        given.forEach((field, value) -> {
            if (value != null) {
                throw new Failure.Invalid(field, "This belongs to the instance: change the instance.");
            }
        });
    }

    private @Nullable ClientCertificate certificate(@Nullable ClientCertificate stored, Roots roots) {
        Path certificate = clientCertificate == null && stored != null
                ? stored.certificate()
                : Checks.file("clientCertificate", clientCertificate, roots);
        Path key = clientKey == null && stored != null ? stored.key() : Checks.file("clientKey", clientKey, roots);
        if (certificate == null && key == null) {
            return null;
        }
        if (certificate == null || key == null) {
            throw new Failure.Invalid(
                    certificate == null ? "clientCertificate" : "clientKey",
                    "A client certificate and its key belong together: give both or none.");
        }
        return new ClientCertificate(certificate, key);
    }

    /** The first field that has something of Nightshift's own machine used; null if none does. */
    @Nullable
    String reference() {
        Map<String, @Nullable String> references = new LinkedHashMap<>();
        references.put("passwordFile", passwordFile);
        references.put("passwordVariable", passwordVariable);
        references.put("rootCertificate", rootCertificate);
        references.put("clientCertificate", clientCertificate);
        references.put("clientKey", clientKey);
        for (Map.Entry<String, @Nullable String> each : references.entrySet()) {
            if (each.getValue() != null && !each.getValue().isEmpty()) {
                return each.getKey();
            }
        }
        return null;
    }

    /** Without the references that are as they are stored: who sends back what was shown sets nothing. */
    ServerFields without(Instance stored) {
        ClientCertificate certificate = stored.clientCertificate();
        return new ServerFields(
                host,
                port,
                members,
                user,
                password,
                other(passwordFile, stored.passwordFile()),
                other(passwordVariable, stored.passwordVariable()),
                tlsMode,
                other(rootCertificate, stored.rootCertificate()),
                other(clientCertificate, certificate == null ? null : certificate.certificate()),
                other(clientKey, certificate == null ? null : certificate.key()),
                maintenanceDatabase,
                tags,
                proofDays);
    }

    private static @Nullable String other(@Nullable String given, @Nullable Object stored) {
        return stored != null && stored.toString().equals(given) ? null : given;
    }

    /** Where, never how. */
    @Override
    public String toString() {
        return "ServerFields[" + host + ":" + port + "]";
    }
}
