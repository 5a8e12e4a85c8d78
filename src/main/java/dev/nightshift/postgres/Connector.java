package dev.nightshift.postgres;

import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.Properties;
import org.postgresql.Driver;

/** Opens one connection to an endpoint, with deadlines for every step of it. */
final class Connector {
    private static final Driver DRIVER = new Driver();

    private Connector() {}

    /**
     * A connection whose reads give up after the connect deadline, until a session sets its own.
     *
     * @throws SQLException within the deadline (a little more when the name has several addresses)
     */
    static Connection connect(Endpoint endpoint, Duration deadline) throws SQLException {
        return connect(endpoint, deadline, endpoint.jdbcProperties());
    }

    /** The same with properties of the caller's, who starts from the endpoint's. */
    static Connection connect(Endpoint endpoint, Duration deadline, Properties properties) throws SQLException {
        String seconds = Long.toString(Math.max(1, deadline.toSeconds()));
        properties.setProperty("connectTimeout", seconds);
        properties.setProperty("loginTimeout", seconds);
        properties.setProperty("socketTimeout", seconds);
        properties.setProperty("sslResponseTimeout", Long.toString(deadline.toMillis()));
        properties.setProperty("cancelSignalTimeout", seconds);
        // An error's detail may quote a row, and errors end up in logs
        properties.setProperty("logServerErrorDetail", "false");
        properties.setProperty("tcpKeepAlive", "true");

        // The driver looks for our factories in its own class loader, then in the thread's
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        thread.setContextClassLoader(Connector.class.getClassLoader());
        try {
            Connection connection = DRIVER.connect(endpoint.jdbcUrl(), properties);
            if (connection == null) {
                throw new IllegalStateException("The driver does not know the URL " + endpoint.jdbcUrl());
            }
            return connection;
        } finally {
            thread.setContextClassLoader(before);
        }
    }
}
