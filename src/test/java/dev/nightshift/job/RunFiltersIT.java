package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Postgres;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** What each filter finds in 20,000 runs of ten projects, and by which index; as the application's role. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RunFiltersIT {
    private static final UUID PROJECT = FilledLedger.project(0);

    private final Postgres postgres = Postgres.start(15);
    private final FilledLedger ledger;

    RunFiltersIT() throws SQLException {
        postgres.execute("postgres", "create database nightshift");
        ledger = FilledLedger.fill(postgres.url("nightshift"), postgres.user(), postgres.password(), 20_000);
    }

    @AfterAll
    void stop() throws SQLException {
        ledger.close();
        postgres.close();
    }

    Stream<String> questions() {
        return FilledLedger.questions(7, ledger.newest()).keySet().stream();
    }

    private RunFilter question(String words) {
        RunFilter filter = FilledLedger.questions(7, ledger.newest()).get(words);
        if (filter == null) {
            throw new AssertionError(words);
        }
        return filter;
    }

    /** Said as plainly as can be, over the targets themselves. */
    private List<UUID> expected(RunFilter filter) throws SQLException {
        Connection connection = ledger.begin(PROJECT);
        try (var query = connection.prepareStatement("""
                select r.id from job.run r left join job.schedule s on s.id = r.schedule_id
                 where (?::text is null or r.job = ?) and (?::text[] is null or r.status = any (?::text[]))
                   and (?::text is null or r.trigger = ?) and (?::text is null or s.name = ?)
                   and (?::timestamptz is null or r.created_at >= ?) and (?::timestamptz is null or r.created_at < ?)
                   and (?::text is null or exists (select from job.target t where t.run_id = r.id and ? = any (t.database_names)))
                 order by r.id desc
                """)) {
            int at = 1;
            var statuses = filter.statuses().isEmpty()
                    ? null
                    : connection.createArrayOf(
                            "text",
                            filter.statuses().stream().map(RunStatus::name).toArray());
            var trigger = filter.trigger();
            var from = filter.from();
            var to = filter.to();
            Object[] each = {
                filter.job(),
                statuses,
                trigger == null ? null : trigger.name(),
                filter.schedule(),
                from == null ? null : Timestamp.from(from),
                to == null ? null : Timestamp.from(to),
                filter.database()
            };
            for (Object value : each) {
                query.setObject(at++, value);
                query.setObject(at++, value);
            }
            List<UUID> ids = new ArrayList<>();
            try (var rows = query.executeQuery()) {
                while (rows.next()) {
                    ids.add(rows.getObject(1, UUID.class));
                }
            }
            return ids;
        } finally {
            connection.commit();
        }
    }

    @ParameterizedTest
    @MethodSource("questions")
    void aFilterFindsWhatItSaysPageByPage(String words) throws SQLException {
        RunFilter filter = question(words);
        List<UUID> all = expected(filter);
        List<UUID> first = ids(ledger.page(PROJECT, filter, null, 7));
        assertEquals(all.subList(0, Math.min(7, all.size())), first);
        if (all.size() > 7) {
            List<UUID> second = ids(ledger.page(PROJECT, filter, first.get(6), 7));
            assertEquals(all.subList(7, Math.min(14, all.size())), second);
        }
    }

    @Test
    void theQuestionsFindSomethingUnlessTheySayOtherwise() throws SQLException {
        for (String words : questions().toList()) {
            if (!words.contains("no hit")
                    && !words.contains("LOST")
                    && !words.contains("restore")
                    && !words.startsWith("database, job")) {
                assertFalse(expected(question(words)).isEmpty(), words);
            }
        }
    }

    @ParameterizedTest
    @MethodSource("questions")
    void noFilterReadsTheWholeTable(String words) throws SQLException {
        String plan = plan(question(words));
        assertAll(
                () -> assertFalse(plan.contains("Seq Scan on run"), plan),
                () -> assertTrue(plan.contains("Index") || plan.contains("One-Time Filter: false"), plan));
    }

    @Test
    void eachCommonFilterHasAnIndexThatIsInTheOrderOfThePages() throws SQLException {
        assertAll(
                () -> assertOrdered("status FAILED", "run_status"),
                () -> assertOrdered("status FAILED, PARTIAL, LOST", "run_status"),
                () -> assertOrdered("job backup", "run_project_id_job_id_idx"),
                () -> assertOrdered("database", "run_database_pkey"),
                () -> assertOrdered("trigger PERSON", "run_trigger"),
                () -> assertOrdered("schedule", "run_schedule"));
    }

    private void assertOrdered(String words, String index) throws SQLException {
        String plan = plan(question(words));
        assertTrue(plan.contains("using " + index + " on"), plan);
    }

    @Test
    void severalStatusesAreThoseOfEach() throws SQLException {
        Set<RunStatus> both = Set.of(RunStatus.FAILED, RunStatus.STOPPED);
        List<UUID> found = ids(ledger.page(PROJECT, RunFilter.ALL.withStatuses(both), null, 400));
        assertEquals(expected(RunFilter.ALL.withStatuses(both)), found);
    }

    private String plan(RunFilter filter) throws SQLException {
        Connection connection = ledger.begin(PROJECT);
        try (var explain = RunIds.statement(connection, "explain ", filter, null, 51);
                var rows = explain.executeQuery()) {
            StringBuilder plan = new StringBuilder();
            while (rows.next()) {
                plan.append(rows.getString(1)).append('\n');
            }
            return plan.toString();
        } finally {
            connection.commit();
        }
    }

    private static List<UUID> ids(List<RunSummary> page) {
        return page.stream().map(summary -> summary.run().id()).toList();
    }
}
