package dev.nightshift.fleet;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.ClientCertificate;
import dev.nightshift.postgres.TlsMode;
import java.nio.file.Path;
import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * Where an instance is and how to log in to it, as people enter it.
 *
 * @param host name or address, as its certificate names it where that is verified
 * @param port 1 to 65535
 * @param members further servers of its cluster, each {@code host:port}, without a port where that is the same; all take the
 *     same login
 * @param user the role to log in as
 * @param secret its password; null leaves a stored one as it is
 * @param tls how far to insist on TLS
 * @param rootCertificate PEM file of the certification authority; null for the JDK's own trust store
 * @param clientCertificate what to log in with instead of a password, or beside it; null for none
 * @param maintenanceDatabase the server's own name of the database to which work on the whole instance connects
 * @param tags for choosing it
 * @param proofDays how many days old its newest proof may be, up to 366; 0 where no proof is expected
 */
public record Server(
        String host,
        int port,
        List<String> members,
        String user,
        @Nullable Secret secret,
        TlsMode tls,
        @Nullable Path rootCertificate,
        @Nullable ClientCertificate clientCertificate,
        String maintenanceDatabase,
        List<String> tags,
        int proofDays) {
    /** Unless somebody chose otherwise. */
    public static final int USUAL_PROOF_DAYS = 7;

    public Server {
        Checks.host(host);
        Checks.port(port);
        members = Member.checked(host, port, members);
        Checks.length("user", user, 1, 63);
        Checks.length("maintenanceDatabase", maintenanceDatabase, 1, 63);
        if (clientCertificate != null && tls == TlsMode.DISABLE) {
            throw new Failure.Invalid("tlsMode", "A client certificate is shown over TLS only.");
        }
        tags = Checks.tags(tags);
        Checks.range("proofDays", proofDays, 0, 366);
    }

    /** All servers of its cluster, its own host and port first. */
    List<Member> addresses() {
        return Member.all(host, port, members);
    }
}
