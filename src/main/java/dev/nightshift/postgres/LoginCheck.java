package dev.nightshift.postgres;

import dev.nightshift.kernel.ForbiddenAddress;
import dev.nightshift.kernel.Identifier;
import dev.nightshift.postgres.CheckReport.Item;
import java.io.IOException;
import java.net.ConnectException;
import java.net.InetAddress;
import java.net.NoRouteToHostException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.ServerErrorMessage;

/**
 * How far a login got: the server reached, TLS agreed, the role let in, the database opened. Decided by exception type,
 * SQLSTATE and the server's own routine name, none of which is translated.
 */
final class LoginCheck {
    private static final Pattern ADDRESS = Pattern.compile("\"([0-9a-fA-F.:]+)\"");

    private LoginCheck() {}

    /** The four entries after a connection that failed. */
    static List<Item> failed(Endpoint endpoint, Throwable thrown) {
        String words = SqlFailure.words(thrown);
        PSQLException driver = SqlFailure.caused(thrown, PSQLException.class);
        ServerErrorMessage server = driver == null ? null : driver.getServerErrorMessage();
        if (server != null && server.getSQLState() != null) {
            return refused(endpoint, server.getSQLState(), String.valueOf(server.getRoutine()), words);
        }
        if (SqlFailure.caused(thrown, UnknownHostException.class) != null) {
            return unreachable(words, "Correct the host name, or have it resolve on the machine Nightshift runs on.");
        }
        if (SqlFailure.forbidden(thrown)) {
            return unreachable(words, ForbiddenAddress.REMEDY);
        }
        Distrust distrust = Distrust.of(thrown);
        if (distrust != null || "08004".equals(SqlFailure.state(thrown)) || unverified(endpoint, thrown)) {
            return List.of(reached(endpoint), tlsFailed(endpoint, distrust, words), later("login"), later("database"));
        }
        if (SqlFailure.caused(thrown, SocketTimeoutException.class) != null || "08001".equals(bare(thrown))) {
            return unreachable(
                    words,
                    "Nothing answered at " + TargetPools.instance(endpoint)
                            + " in time: look for a firewall that drops the packets, or a server that hangs.");
        }
        if (SqlFailure.caused(thrown, ConnectException.class) != null) {
            return unreachable(
                    words, "Look whether the server runs, its listen_addresses and port, and a firewall in between.");
        }
        if (SqlFailure.caused(thrown, NoRouteToHostException.class) != null) {
            return unreachable(words, "Look at the network between Nightshift and the server.");
        }
        return unreachable(words, "Look whether host and port belong to a PostgreSQL server that runs.");
    }

    /** The state of a connection error that no I/O error stands behind: the overall login deadline passed. */
    private static @Nullable String bare(Throwable thrown) {
        return SqlFailure.caused(thrown, IOException.class) == null ? SqlFailure.state(thrown) : null;
    }

    /** A certificate that names another host, or a root certificate that cannot be read: no exception type tells. */
    private static boolean unverified(Endpoint endpoint, Throwable thrown) {
        return endpoint.tls().verifies() && "08006".equals(bare(thrown));
    }

    private static List<Item> refused(Endpoint endpoint, String state, String routine, String words) {
        String role = new Identifier(endpoint.user()).quoted();
        Item reached = reached(endpoint);
        Item tls = Item.ok("tls", "Encryption", "agreed on (" + endpoint.tls().text() + ")");
        return switch (state) {
            case "28P01" ->
                List.of(
                        reached,
                        tls,
                        Item.failed(
                                "login",
                                "Login",
                                words,
                                "Correct user name or password here, or set the password on the server: \\password "
                                        + role + " in psql."),
                        later("database"));
            case "28000" -> List.of(reached, tls, notAdmitted(endpoint, role, routine, words), later("database"));
            case "3D000" ->
                List.of(
                        reached,
                        tls,
                        Item.ok("login", "Login", "as " + role),
                        Item.failed(
                                "database",
                                "Database",
                                words,
                                "Correct the database's name, or create it: CREATE DATABASE "
                                        + new Identifier(endpoint.database()).quoted() + ";"));
            case "42501" ->
                List.of(
                        reached,
                        tls,
                        Item.ok("login", "Login", "as " + role),
                        Item.failed(
                                "database",
                                "Database",
                                words,
                                "GRANT CONNECT ON DATABASE " + new Identifier(endpoint.database()).quoted() + " TO "
                                        + role + ";"));
            case "53300" ->
                List.of(
                        reached,
                        tls,
                        Item.failed(
                                "login",
                                "Login",
                                words,
                                "Raise max_connections on the server or this role's limit (ALTER ROLE " + role
                                        + " CONNECTION LIMIT -1;), or close connections nobody uses."),
                        later("database"));
            case "57P03" ->
                List.of(
                        reached,
                        tls,
                        Item.failed("login", "Login", words, "The server starts, stops or recovers; try again later."),
                        later("database"));
            default -> List.of(reached, tls, Item.failed("login", "Login", words, null), later("database"));
        };
    }

    private static Item notAdmitted(Endpoint endpoint, String role, String routine, String words) {
        if (routine.equals("auth_failed") && endpoint.clientCertificate() != null) {
            return Item.failed(
                    "login",
                    "Login",
                    words,
                    "Have a client certificate made whose common name is " + role
                            + ", or map its name to the role in pg_ident.conf.");
        }
        if (!routine.equals("ClientAuthentication")) {
            return Item.failed(
                    "login",
                    "Login",
                    words,
                    "Create the role or let it log in: CREATE ROLE " + role + " LOGIN; or ALTER ROLE " + role
                            + " LOGIN;");
        }
        return Item.failed("login", "Login", words, accessRule(endpoint, endpoint.database(), words));
    }

    /**
     * The line of pg_hba.conf that would let this endpoint in.
     *
     * @param database its second field, quoted here: a database's name or the word {@code replication}
     * @param words of the server, which name the address it saw us come from
     */
    static String accessRule(Endpoint endpoint, String database, String words) {
        Matcher matcher = ADDRESS.matcher(words);
        String address = "<Nightshift's address>/32";
        if (matcher.find() && !matcher.group(1).isEmpty()) {
            address = matcher.group(1) + (matcher.group(1).indexOf(':') >= 0 ? "/128" : "/32");
        }
        String type = endpoint.tls() == TlsMode.DISABLE ? "host" : "hostssl";
        String field = database.equals("replication") ? database : new Identifier(database).quoted();
        String certificate = endpoint.tls() == TlsMode.DISABLE || endpoint.clientCertificate() != null
                ? ""
                : "Give a client certificate if the server asks for one. Otherwise: ";
        return certificate
                + "Add to pg_hba.conf, before any line that rejects it, and reload (SELECT pg_reload_conf();): " + type
                + " " + field + " " + new Identifier(endpoint.user()).quoted() + " " + address + " scram-sha-256";
    }

    private static Item tlsFailed(Endpoint endpoint, @Nullable Distrust distrust, String words) {
        if (distrust != null && distrust.words() != null) {
            return Item.failed("tls", "Encryption", words, distrust.remedy());
        }
        String remedy = switch (endpoint.tls()) {
            case VERIFY_CA, VERIFY_FULL ->
                "Give the root certificate that signed the server's"
                        + (endpoint.tls() == TlsMode.VERIFY_FULL ? ", and the host as the certificate names it" : "")
                        + "; or have the server use TLS (ssl = on in postgresql.conf).";
            default ->
                "Switch TLS on at the server (ssl = on in postgresql.conf), or use the mode prefer or disable"
                        + " here.";
        };
        return Item.failed("tls", "Encryption", words, remedy);
    }

    private static Item reached(Endpoint endpoint) {
        return Item.ok("connect", "Server", TargetPools.instance(endpoint) + " answers");
    }

    private static List<Item> unreachable(String words, String remedy) {
        return List.of(
                Item.failed("connect", "Server", words, remedy), later("tls"), later("login"), later("database"));
    }

    private static Item later(String item) {
        String label = switch (item) {
            case "tls" -> "Encryption";
            case "login" -> "Login";
            default -> "Database";
        };
        return Item.notMeasured(item, label, "did not get that far");
    }

    /**
     * The four entries after a connection that was made.
     *
     * @param cipher version and cipher as the server reports them; null for a plain connection
     */
    static List<Item> passed(Endpoint endpoint, @Nullable String cipher) {
        return List.of(
                reached(endpoint),
                encryption(endpoint, cipher),
                Item.ok("login", "Login", "as " + new Identifier(endpoint.user()).quoted()),
                Item.ok("database", "Database", new Identifier(endpoint.database()).quoted()));
    }

    private static Item encryption(Endpoint endpoint, @Nullable String cipher) {
        if (cipher == null) {
            return loopback(endpoint.host())
                    ? Item.ok("tls", "Encryption", "none, within this machine")
                    : Item.warning(
                            "tls",
                            "Encryption",
                            "none: data and statements can be read on the way",
                            "Use the TLS mode verify-full, with the root certificate of the server's.");
        }
        String checked = switch (endpoint.tls()) {
            case VERIFY_FULL -> "; certificate and host name checked";
            case VERIFY_CA -> "; certificate checked, host name not";
            default -> "; whose certificate it is was not checked";
        };
        return Item.ok("tls", "Encryption", cipher + checked);
    }

    private static boolean loopback(String host) {
        try {
            return InetAddress.getByName(host).isLoopbackAddress();
        } catch (UnknownHostException e) {
            return false;
        }
    }
}
