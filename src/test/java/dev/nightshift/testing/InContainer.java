package dev.nightshift.testing;

import dev.nightshift.runtime.ServerForTests;
import io.openliberty.arquillian.managed.WLPManagedContainer;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.jboss.arquillian.config.descriptor.api.ContainerDef;
import org.jboss.arquillian.container.spi.client.container.DeployableContainer;
import org.jboss.arquillian.container.spi.client.container.DeploymentException;
import org.jboss.arquillian.container.spi.client.deployment.DeploymentDescription;
import org.jboss.arquillian.container.spi.client.protocol.metadata.ProtocolMetaData;
import org.jboss.arquillian.container.spi.event.SetupContainer;
import org.jboss.arquillian.container.spi.event.StopContainer;
import org.jboss.arquillian.container.test.spi.client.deployment.DeploymentScenarioGenerator;
import org.jboss.arquillian.core.api.annotation.Observes;
import org.jboss.arquillian.core.spi.EventContext;
import org.jboss.arquillian.core.spi.LoadableExtension;
import org.jboss.arquillian.test.spi.TestClass;
import org.jboss.shrinkwrap.api.Archive;
import org.jboss.shrinkwrap.api.Filters;
import org.jboss.shrinkwrap.api.GenericArchive;
import org.jboss.shrinkwrap.api.ShrinkWrap;
import org.jboss.shrinkwrap.api.importer.ExplodedImporter;
import org.jboss.shrinkwrap.api.spec.WebArchive;
import org.jspecify.annotations.Nullable;

/**
 * Lets the tests annotated with {@code @ArquillianTest} run inside the server, as part of the product's application.
 * Arquillian starts one server for all of them when the first one comes, and stops it when the last test of all has ended;
 * the running product of {@link Nightshift} is another one.
 */
public final class InContainer implements LoadableExtension {
    /** NIGHTSHIFT_NODE_NAME of the server, for the test that looks for it. */
    public static final String NODE_NAME = "in-container";

    /** NIGHTSHIFT_TARGET_CONNECT_TIMEOUT of the server, for the test that looks for it. */
    public static final String CONNECT_TIMEOUT = "PT7S";

    @Override
    public void register(ExtensionBuilder builder) {
        builder.observer(Lifecycle.class)
                .service(DeploymentScenarioGenerator.class, Product.class)
                .override(DeployableContainer.class, WLPManagedContainer.class, DeployedOnce.class);
    }

    /** Prepares what the server needs before Arquillian configures it, and removes it when the server has stopped. */
    public static final class Lifecycle {
        private @Nullable ServerForTests server;

        void prepare(@Observes EventContext<SetupContainer> setup) {
            ServerForTests prepared = ServerForTests.prepare(Map.of(
                    "NIGHTSHIFT_BOOTSTRAP_KEY",
                    Nightshift.BOOTSTRAP_KEY,
                    "NIGHTSHIFT_NODE_NAME",
                    NODE_NAME,
                    "NIGHTSHIFT_TARGET_CONNECT_TIMEOUT",
                    CONNECT_TIMEOUT,
                    "NIGHTSHIFT_STOP_GRACE",
                    "PT3S"));
            server = prepared;
            configure(setup.getEvent().getContainer().getContainerConfiguration(), prepared);
            setup.proceed();
        }

        private static void configure(ContainerDef container, ServerForTests server) {
            container
                    .property("wlpHome", server.runtime().toString())
                    .property("usrDir", server.userFolder().toString())
                    .property("serverName", server.name())
                    .property("httpPort", Integer.toString(server.httpPort()))
                    .property("addLocalConnector", "true")
                    .property("outputToConsole", "false")
                    .property("deployType", "xml")
                    .property("sharedLib", server.classLoader("commonLibraryRef"))
                    .property("apiTypeVisibility", server.classLoader("apiTypeVisibility"))
                    .property("securityConfiguration", server.bindings().toString())
                    .property("serverStartTimeout", "180")
                    .property("serverStopTimeout", "60")
                    .property("appDeployTimeout", "180");
        }

        void remove(@Observes EventContext<StopContainer> stop) {
            try {
                stop.proceed();
            } finally {
                if (server != null) {
                    server.close();
                }
            }
        }
    }

    /** What every one of these tests is deployed in: the product's WAR with all test classes and test resources. */
    public static final class Product implements DeploymentScenarioGenerator {
        @Override
        public List<DeploymentDescription> generate(TestClass test) {
            WebArchive war = ShrinkWrap.create(WebArchive.class, "nightshift.war")
                    // The edge refuses plain HTTP, by which Arquillian calls the tests
                    .merge(
                            folder(ServerForTests.application()),
                            Filters.exclude(".*/dev/nightshift/runtime/Edge\\.class"))
                    .merge(folder(Path.of("target", "test-classes")), "WEB-INF/classes");
            return List.of(new DeploymentDescription("nightshift", war).shouldBeTestable(true));
        }

        private static GenericArchive folder(Path folder) {
            return ShrinkWrap.create(GenericArchive.class)
                    .as(ExplodedImporter.class)
                    .importDirectory(folder.toFile())
                    .as(GenericArchive.class);
        }
    }

    /** Deploying takes ten seconds, and all test classes have the same deployment: it stays until the server stops. */
    public static final class DeployedOnce extends WLPManagedContainer {
        private @Nullable ProtocolMetaData deployed;

        @Override
        public ProtocolMetaData deploy(Archive<?> archive) throws DeploymentException {
            ProtocolMetaData known = deployed;
            if (known == null) {
                known = super.deploy(archive);
                deployed = known;
            }
            return known;
        }

        @Override
        public void undeploy(Archive<?> archive) {}
    }
}
