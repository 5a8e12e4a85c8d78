package dev.nightshift.postgres;

import dev.nightshift.kernel.Clock;
import dev.nightshift.postgres.CheckReport.Item;
import dev.nightshift.postgres.CheckReport.State;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Properties;
import org.jspecify.annotations.Nullable;

/**
 * Tests a connection for a person who sets it up: how far the login gets, then what the server, its settings and the
 * role's privileges allow. Uses no pool and no breaker, changes nothing on the server, and ends within about half a
 * minute whatever the server does.
 */
public final class ConnectionCheck {
    private static final String REPLICATION_LABEL = "Replication connection (backup)";
    private final Clock clock;
    private final Deadlines deadlines;

    public ConnectionCheck(Clock clock) {
        this(clock, Deadlines.interactive());
    }

    /** With other deadlines than the interactive ones. */
    public ConnectionCheck(Clock clock, Deadlines deadlines) {
        this.clock = clock;
        this.deadlines = deadlines;
    }

    /** Looks at everything that can be looked at; what goes wrong is in the report, never thrown. */
    public CheckReport check(Endpoint endpoint) {
        List<Item> items = new ArrayList<>();
        Connection connection;
        try {
            connection = Connector.connect(endpoint, connect(endpoint));
        } catch (SQLException e) {
            items.addAll(LoginCheck.failed(endpoint, e));
            return report(endpoint, items, null);
        }
        ServerFacts facts = null;
        try (Session session = Session.on(connection, deadlines, "nightshift/check", () -> {})) {
            facts = ServerCatalog.read(session);
            items.addAll(LoginCheck.passed(endpoint, facts.cipher()));
            items.addAll(CheckRules.items(facts));
            items.add(replication(endpoint, facts));
        } catch (SQLException e) {
            close(connection);
            items.addAll(LoginCheck.passed(endpoint, null));
            items.add(Item.failed(
                    "catalog",
                    "Catalog",
                    "the server's catalog could not be read: " + SqlFailure.words(e),
                    SqlFailure.of(e).remedy()));
        }
        return report(endpoint, items, facts);
    }

    private static void close(Connection connection) {
        try {
            connection.close();
        } catch (SQLException gone) {
            System.getLogger(ConnectionCheck.class.getName())
                    .log(System.Logger.Level.DEBUG, "The tested connection was lost", gone);
        }
    }

    private Duration connect(Endpoint endpoint) {
        Duration own = deadlines.connect();
        return endpoint.connectTimeout().compareTo(own) < 0 ? endpoint.connectTimeout() : own;
    }

    private CheckReport report(Endpoint endpoint, List<Item> items, @Nullable ServerFacts facts) {
        boolean ok = items.stream().noneMatch(item -> item.state() == State.FAILED);
        return new CheckReport(
                clock.now(),
                endpoint.toString(),
                ok,
                facts == null ? null : facts.versionText(),
                facts == null ? null : facts.systemIdentifier(),
                facts == null ? null : facts.inRecovery(),
                facts == null ? null : facts.databaseBytes(),
                facts == null ? null : facts.instanceBytes(),
                items);
    }

    /** Opens one, because pg_hba.conf has lines of its own for it, and compares whose server answers. */
    private Item replication(Endpoint endpoint, ServerFacts facts) {
        if (facts.major() < CheckRules.PHYSICAL_BACKUP) {
            return Item.notMeasured("replicationConnection", REPLICATION_LABEL, "of use from PostgreSQL 15 on only");
        }
        if (!facts.role().superuser() && !facts.role().replication()) {
            return Item.notMeasured(
                    "replicationConnection", REPLICATION_LABEL, "the role needs the replication privilege first");
        }
        Properties properties = endpoint.jdbcProperties();
        properties.setProperty("replication", "true");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", "15");
        try (Connection connection = Connector.connect(endpoint, connect(endpoint), properties);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("IDENTIFY_SYSTEM")) {
            row.next();
            String identifier = row.getString("systemid");
            if (facts.systemIdentifier() != null && !facts.systemIdentifier().equals(identifier)) {
                return Item.failed(
                        "replicationConnection",
                        REPLICATION_LABEL,
                        "another server answers it: system identifier " + identifier,
                        "Give the server's own host and port, not a balancer's or a pooler's.");
            }
            return Item.ok("replicationConnection", REPLICATION_LABEL, "opened, on timeline " + row.getInt("timeline"));
        } catch (SQLException e) {
            String words = SqlFailure.words(e);
            String remedy = "28000".equals(SqlFailure.state(e))
                    ? LoginCheck.accessRule(endpoint, "replication", words)
                    : SqlFailure.of(e).remedy();
            return Item.warning("replicationConnection", REPLICATION_LABEL, words, remedy);
        }
    }
}
