package dev.nightshift.job;

import jakarta.jms.Connection;
import jakarta.jms.ConnectionFactory;
import jakarta.jms.JMSException;
import jakarta.jms.Session;
import javax.naming.InitialContext;
import javax.naming.NamingException;

/** The one place that knows Jakarta Messaging; loaded where the server has it, which is where it is asked for. */
final class BrokerConnection {
    /** In src/main/liberty. */
    private static final String NAME = "jms/nightshift/connections";

    private BrokerConnection() {}

    /** Does what a run's start needs: makes a queue for replies, and removes it. */
    @SuppressWarnings("BanJNDI") // the name is a constant, in the server's own tree
    static boolean tryOut() throws NamingException, JMSException {
        ConnectionFactory connections = InitialContext.doLookup(NAME);
        try (Connection connection = connections.createConnection();
                Session session = connection.createSession(false, Session.AUTO_ACKNOWLEDGE)) {
            session.createTemporaryQueue().delete();
            return true;
        }
    }
}
