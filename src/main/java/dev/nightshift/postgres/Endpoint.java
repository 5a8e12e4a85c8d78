package dev.nightshift.postgres;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Properties;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/**
 * Where a PostgreSQL server is and how to log in to one of its databases.
 *
 * @param host name or address, as the certificate names it where that is verified
 * @param port 1 to 65535
 * @param database the server's own name of the database; replication connections do not use it
 * @param user the role to log in as
 * @param password asked at every connect, so that a changed password file is seen; null where none is needed
 * @param tls how far to insist on TLS
 * @param rootCertificate PEM file of the certification authority; null for the JDK's own trust store
 * @param connectTimeout until the connection is made, and again until the login is through
 * @param clientCertificate what to log in with instead of a password, or beside it; null where none is needed
 * @param boundary what the installation allows
 */
public record Endpoint(
        String host,
        int port,
        String database,
        String user,
        @Nullable Supplier<String> password,
        TlsMode tls,
        @Nullable Path rootCertificate,
        Duration connectTimeout,
        @Nullable ClientCertificate clientCertificate,
        Boundary boundary) {

    /** Enough for a server on another continent, short enough for a person who waits. */
    public static final Duration DEFAULT_CONNECT_TIMEOUT = Duration.ofSeconds(10);

    public Endpoint {
        if (host.isBlank() || port < 1 || port > 65_535 || user.isEmpty()) {
            throw new IllegalArgumentException("An endpoint has a host, a port from 1 to 65535 and a user.");
        }
        if (connectTimeout.isNegative() || connectTimeout.toSeconds() < 1) {
            throw new IllegalArgumentException("The connect timeout is at least one second.");
        }
    }

    /** Without a client certificate, and with the usual boundary. */
    public Endpoint(
            String host,
            int port,
            String database,
            String user,
            @Nullable Supplier<String> password,
            TlsMode tls,
            @Nullable Path rootCertificate,
            Duration connectTimeout) {
        this(host, port, database, user, password, tls, rootCertificate, connectTimeout, null, Boundary.STANDARD);
    }

    /** Without TLS and with the default timeout: a server on this machine. */
    public static Endpoint local(int port, String database, String user, @Nullable Supplier<String> password) {
        return new Endpoint(
                "127.0.0.1", port, database, user, password, TlsMode.DISABLE, null, DEFAULT_CONNECT_TIMEOUT);
    }

    /** The same server and login, another database on it. */
    public Endpoint withDatabase(String other) {
        return new Endpoint(
                host, port, other, user, password, tls, rootCertificate, connectTimeout, clientCertificate, boundary);
    }

    /** The same login and database, on another server. */
    public Endpoint at(String otherHost, int otherPort) {
        return new Endpoint(
                otherHost,
                otherPort,
                database,
                user,
                password,
                tls,
                rootCertificate,
                connectTimeout,
                clientCertificate,
                boundary);
    }

    /** The driver's URL; neither user nor password is in it. */
    public String jdbcUrl() {
        String literal = host.indexOf(':') >= 0 && !host.startsWith("[") ? "[" + host + "]" : host;
        return "jdbc:postgresql://" + literal + ":" + port + "/" + URLEncoder.encode(database, StandardCharsets.UTF_8);
    }

    /**
     * The driver's properties for login, TLS, the connect deadlines, and where a connection may go. They hold the password:
     * never log them.
     *
     * @throws Failure.Skippable if a file may not be used, or the password is not to be had
     */
    public Properties jdbcProperties() {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        if (password != null) {
            properties.setProperty("password", password.get());
        }
        properties.setProperty("sslmode", tls.text());
        if (rootCertificate != null) {
            properties.setProperty("sslrootcert", path("root certificate", rootCertificate));
        }
        if (clientCertificate != null) {
            properties.setProperty("sslcert", path("client certificate", clientCertificate.certificate()));
            properties.setProperty("sslkey", path("client key", clientCertificate.key()));
        }
        properties.setProperty("sslfactory", TargetTls.class.getName());
        properties.setProperty("socketFactory", TargetSockets.class.getName());
        properties.setProperty(TargetSockets.FORBIDDEN, boundary.forbidden().text());
        properties.setProperty(TargetSockets.HOST, host);
        properties.setProperty("gssEncMode", "disable");
        String seconds = Long.toString(connectTimeout.toSeconds());
        properties.setProperty("connectTimeout", seconds);
        properties.setProperty("loginTimeout", Long.toString(2 * connectTimeout.toSeconds()));
        properties.setProperty("ApplicationName", "nightshift");
        return properties;
    }

    private String path(String what, Path file) {
        return boundary.allowed(what, file).toString();
    }

    /** {@code user@host:port/database}; never the password. */
    @Override
    public String toString() {
        return user + "@" + host + ":" + port + "/" + database;
    }
}
