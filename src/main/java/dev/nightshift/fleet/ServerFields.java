package dev.nightshift.fleet;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.TlsMode;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * The fields of a request that say where a server is and how to log in; null where left out.
 *
 * @param password empty for none
 * @param passwordFile empty for none
 * @param rootCertificate empty for none
 */
record ServerFields(
        @Nullable String host,
        @Nullable Integer port,
        @Nullable String user,
        @Nullable String password,
        @Nullable String passwordFile,
        @Nullable String tlsMode,
        @Nullable String rootCertificate,
        @Nullable String maintenanceDatabase,
        @Nullable List<String> tags,
        @Nullable Integer proofDays) {
    private static final int USUAL_PORT = 5432;

    /** For a server that is not stored: what is left out has its usual value, where there is one. */
    Server server() {
        return new Server(
                Checks.required("host", host),
                port == null ? USUAL_PORT : port,
                Checks.required("user", user),
                Secret.asked(password, passwordFile),
                Checks.tls(tlsMode),
                Checks.file("rootCertificate", rootCertificate),
                maintenanceDatabase == null ? "postgres" : maintenanceDatabase,
                Checks.tags(tags),
                proofDays == null ? Server.USUAL_PROOF_DAYS : proofDays);
    }

    /** For a change: what is left out stays as it is. */
    Server server(Instance stored) {
        TlsMode tls = tlsMode == null ? stored.tls() : Checks.tls(tlsMode);
        return new Server(
                host == null ? stored.host() : host,
                port == null ? stored.port() : port,
                user == null ? stored.user() : user,
                Secret.asked(password, passwordFile),
                tls,
                rootCertificate == null ? stored.rootCertificate() : Checks.file("rootCertificate", rootCertificate),
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
        given.put("user", user);
        given.put("password", password);
        given.put("passwordFile", passwordFile);
        given.put("tlsMode", tlsMode);
        given.put("rootCertificate", rootCertificate);
        given.put("maintenanceDatabase", maintenanceDatabase);
        given.forEach((field, value) -> {
            if (value != null) {
                throw new Failure.Invalid(field, "This belongs to the instance: change the instance.");
            }
        });
    }

    /** Whether a file on Nightshift's own machine is to be read as the password. */
    boolean readsPasswordFile() {
        return passwordFile != null && !passwordFile.isEmpty();
    }

    /** Where, never how. */
    @Override
    public String toString() {
        return "ServerFields[" + host + ":" + port + "]";
    }
}
