package dev.nightshift.sandbox;

import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Properties;
import org.postgresql.Driver;

/** How one logs in to a sandbox's server: by its socket alone, as its superuser, without a password. */
final class SandboxLogin {
    private SandboxLogin() {}

    /**
     * A session with {@link ServerSettings#sessionOptions}.
     *
     * @throws SQLException if the server does not take it, or not yet
     */
    static Connection connect(Path socket, ServerSettings settings, String database) throws SQLException {
        // The folder is the server's to write, and a link would lead to another server of this machine.
        if (Files.isSymbolicLink(socket)) {
            throw new SQLException("The sandbox's socket " + socket + " is a link.");
        }
        Properties properties = new Properties();
        properties.setProperty("user", settings.superuser());
        properties.setProperty("PGDBNAME", database);
        properties.setProperty("socketFactory", UnixSocketFactory.class.getName());
        properties.setProperty("socketFactoryArg", socket.toString());
        properties.setProperty("sslmode", "disable");
        properties.setProperty("gssEncMode", "disable");
        properties.setProperty("connectTimeout", "10");
        properties.setProperty("loginTimeout", "30");
        properties.setProperty("ApplicationName", "Nightshift");
        properties.setProperty("options", settings.sessionOptions());
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        try {
            // The driver may live in a class loader that does not know this class; it asks the context's as well.
            thread.setContextClassLoader(SandboxLogin.class.getClassLoader());
            Connection connection = new Driver().connect("jdbc:postgresql://sandbox/", properties);
            if (connection == null) {
                throw new SQLException("The PostgreSQL driver does not take its own URL.");
            }
            return connection;
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    /** The same for a program within the walls, as libpq reads it (manual, section 34.1.1): a database may be called like anything. */
    static String connectionString(ServerSettings settings, String database) {
        return "host=" + Errand.SOCKET + " user=" + value(settings.superuser()) + " dbname=" + value(database)
                + " options=" + value(settings.sessionOptions()) + " gssencmode=disable sslmode=disable";
    }

    private static String value(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
