package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import jakarta.annotation.Resource;
import jakarta.batch.api.Batchlet;
import jakarta.batch.api.listener.JobListener;
import jakarta.batch.api.partition.PartitionMapper;
import jakarta.batch.operations.JobSecurityException;
import jakarta.batch.runtime.BatchRuntime;
import jakarta.ejb.EJBAccessException;
import jakarta.enterprise.context.Dependent;
import jakarta.enterprise.inject.spi.Bean;
import jakarta.enterprise.inject.spi.BeanManager;
import jakarta.inject.Inject;
import java.net.URI;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Properties;
import java.util.Set;
import java.util.UUID;
import javax.sql.DataSource;
import javax.xml.parsers.DocumentBuilderFactory;
import org.eclipse.microprofile.config.inject.ConfigProperty;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.Test;
import org.w3c.dom.Element;

/** The batch runtime as the server sets it up: whom it admits, and what its jobs name. */
@ArquillianTest
class BatchRuntimeIT {
    @Inject
    private BatchRunner runner;

    @Inject
    private BatchCaller caller;

    @Inject
    private Jobs jobs;

    @Inject
    private BeanManager beans;

    @Inject
    @ConfigProperty(name = "nightshift.http.port")
    private int port;

    @Resource(lookup = "jdbc/repository")
    @SuppressWarnings("NullAway.Init")
    private DataSource repository;

    /** What the batch runtime keeps of a job, and how its first step ended. */
    private record Kept(String submitter, String exit, String taken) {}

    @Test
    void aJobThatTheRunnerStartsForAnybodyRunsAsTheUserBatch() {
        String attempt = UUID.randomUUID().toString();
        runner.start("vacuum", attempt, false);
        Kept ended = Eventually.get(
                "the end of the batch job of attempt " + attempt,
                Duration.ofSeconds(60),
                () -> kept(attempt).filter(job -> job.exit().equals("COMPLETED")));
        assertEquals("batch", ended.submitter());
        assertEquals("GONE", ended.taken(), "an attempt that is not in the ledger");
    }

    @Test
    void aThreadWithoutALoginIsRefused() {
        String attempt = UUID.randomUUID().toString();
        assertAll(
                () -> assertThrows(JobSecurityException.class, () -> start(attempt)),
                () -> assertThrows(EJBAccessException.class, () -> caller.start("vacuum", attempt, false)));
        assertEquals(Optional.empty(), kept(attempt));
    }

    @Test
    void evenTheInstallationsAdminIsRefused() {
        String attempt = UUID.randomUUID().toString();
        Api admin =
                Api.at(URI.create("http://localhost:" + port + "/nightshift/")).withKey(Nightshift.BOOTSTRAP_KEY);
        assertEquals(
                List.of("key:bootstrap", JobSecurityException.class.getName(), EJBAccessException.class.getName()),
                admin.get("as-caller?attempt=" + attempt)
                        .expect(200)
                        .body()
                        .lines()
                        .toList());
        assertEquals(Optional.empty(), kept(attempt));
    }

    @Test
    void everyRefOfEveryJobIsOneBeanOfItsKindInTheServer() throws Exception {
        List<String> refs = new ArrayList<>();
        for (JobDefinition job : jobs.all()) {
            for (Element element : elementsWithRef(job.name())) {
                String ref = element.getAttribute("ref");
                Set<Bean<?>> found = beans.getBeans(ref);
                assertEquals(1, found.size(), ref + " of " + job.name());
                Bean<?> bean = found.iterator().next();
                assertTrue(bean.getTypes().contains(kind(element)), ref + " is no " + kind(element));
                assertEquals(Dependent.class, bean.getScope(), ref);
                refs.add(ref);
            }
        }
        assertTrue(
                refs.containsAll(List.of("takeBackup", "proveBackup", "restoreBackup", "vacuumDatabase")), "" + refs);
    }

    private static Class<?> kind(Element element) {
        return switch (element.getTagName()) {
            case "listener" -> JobListener.class;
            case "batchlet" -> Batchlet.class;
            case "mapper" -> PartitionMapper.class;
            default -> throw new AssertionError("What is a " + element.getTagName() + "?");
        };
    }

    private static List<Element> elementsWithRef(String job) throws Exception {
        String file = "META-INF/batch-jobs/" + job + ".xml";
        try (var jsl = BatchRuntimeIT.class.getClassLoader().getResourceAsStream(file)) {
            assertNotNull(jsl, file);
            var all = DocumentBuilderFactory.newInstance()
                    .newDocumentBuilder()
                    .parse(jsl)
                    .getElementsByTagName("*");
            List<Element> found = new ArrayList<>();
            for (int i = 0; i < all.getLength(); i++) {
                if (((Element) all.item(i)).hasAttribute("ref")) {
                    found.add((Element) all.item(i));
                }
            }
            assertFalse(found.isEmpty(), file);
            return found;
        }
    }

    /** By the batch runtime's own interface. */
    static void start(String attempt) {
        var parameters = new Properties();
        parameters.setProperty("attempt", attempt);
        BatchRuntime.getJobOperator().start("vacuum", parameters);
    }

    private Optional<Kept> kept(String attempt) {
        try (Connection connection = repository.getConnection();
                PreparedStatement select = connection.prepareStatement("""
                        select i.submitter, e.exitstatus, s.exitstatus
                          from batch.jobparameter p
                          join batch.jobexecution e on e.jobexecid = p.fk_jobexecid
                          join batch.jobinstance i on i.jobinstanceid = e.fk_jobinstanceid
                          left join batch.stepthreadexecution s on s.fk_jobexecid = e.jobexecid and s.stepname = 'take'
                         where p.name = 'attempt' and p.value = ?
                        """)) {
            select.setString(1, attempt);
            try (ResultSet rows = select.executeQuery()) {
                return rows.next()
                        ? Optional.of(new Kept(
                                rows.getString(1),
                                String.valueOf(rows.getString(2)),
                                String.valueOf(rows.getString(3))))
                        : Optional.empty();
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }
}
