package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Registration;
import dev.nightshift.job.Node;
import dev.nightshift.testing.InContainer;
import dev.nightshift.testing.UnreachableServer;
import jakarta.annotation.Resource;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.persistence.EntityManagerFactory;
import jakarta.persistence.PersistenceUnit;
import jakarta.persistence.SchemaValidationException;
import jakarta.persistence.metamodel.EntityType;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Set;
import java.util.stream.Collectors;
import javax.sql.DataSource;
import org.eclipse.microprofile.config.Config;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.Test;

/** What the server gives the application: entities on the migrated schema, and settings. */
@ArquillianTest
class WiringIT {
    @Inject
    private Entities entities;

    @Inject
    private Config config;

    @Inject
    private Node node;

    @Inject
    private Registration registration;

    @Inject
    private Fleet fleet;

    @Resource(lookup = "jdbc/repository")
    @SuppressWarnings("NullAway.Init")
    private DataSource repository;

    @Dependent
    static class Entities {
        @PersistenceUnit(unitName = "nightshift")
        @SuppressWarnings("NullAway.Init")
        private EntityManagerFactory factory;
    }

    @Test
    void everyEntityIsFoundAndItsTableIsAsTheMigrationMadeIt() throws SchemaValidationException {
        assertEquals(
                Set.of("Database", "Instance", "Project", "Schedule"),
                entities.factory.getMetamodel().getEntities().stream()
                        .map(EntityType::getName)
                        .collect(Collectors.toSet()));
        entities.factory.getSchemaManager().validate();
    }

    @Test
    void theApplicationReadsTheVariablesThatTheDataSourceWasGiven() throws SQLException {
        try (Connection connection = repository.getConnection()) {
            assertEquals(
                    "jdbc:postgresql://127.0.0.1:" + config.getValue("repository.port", Integer.class) + "/nightshift",
                    connection.getMetaData().getURL().replaceFirst("\\?.*", ""));
        }
    }

    @Test
    void environmentVariablesReachTheBeansWithTheirTypes() {
        assertEquals(InContainer.NODE_NAME, node.name());
        UnreachableServer server = UnreachableServer.register(registration, "wiring");
        assertEquals(
                InContainer.CONNECT_TIMEOUT,
                fleet.endpoint(server.project(), server.instance())
                        .connectTimeout()
                        .toString());
    }
}
