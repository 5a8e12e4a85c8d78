package dev.nightshift.retention;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.audit.Audit;
import dev.nightshift.fleet.Deletions;
import dev.nightshift.fleet.NewDatabase;
import dev.nightshift.fleet.NewProject;
import dev.nightshift.fleet.Registration;
import dev.nightshift.fleet.VacuumSettings;
import dev.nightshift.job.Run;
import dev.nightshift.job.RunRequest;
import dev.nightshift.job.RunStatus;
import dev.nightshift.job.Runs;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.tenancy.Work;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.UnreachableServer;
import jakarta.inject.Inject;
import jakarta.json.JsonValue;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Currency;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.UUID;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

/** What is forgotten, when, and that nothing else is. */
@ArquillianTest
class RetentionIT {
    @Inject
    private Housekeeping housekeeping;

    @Inject
    private Retentions retentions;

    @Inject
    private Registration registration;

    @Inject
    private Deletions deletions;

    @Inject
    private Runs runs;

    @Inject
    private Audit audit;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    @Test
    void whatIsOlderThanItsRetentionIsForgottenAndNothingElse() {
        UnreachableServer server = full("forgetful");
        UnreachableServer other = full("with-a-memory");
        Map<String, Long> others = rows(other.project());
        retentions.change(server.project(), before -> new Retention(60, 40, 100, 0));

        Run run = purge(server.project());

        assertEquals(RunStatus.COMPLETED, run.status(), () -> String.valueOf(run.reason()));
        ProjectId project = server.project();
        assertAll(
                () -> assertEquals(
                        List.of("held", "new"),
                        texts(project, "select reason from job.run where job = 'old' order by 1")),
                () -> assertEquals(
                        List.of("new"), texts(project, "select text from job.log_line where level = 'ERROR'")),
                () -> assertEquals(
                        List.of("99 days"), texts(project, "select object from audit.entry where action = 'test'")),
                () -> assertEquals(
                        List.of("new", "open"), texts(project, "select title from finding.finding order by 1")),
                () -> assertEquals(
                        List.of("new"), texts(project, "select kind from finding.outbox where kind in ('old', 'new')")),
                () -> assertEquals(List.of("kept"), texts(project, "select location from backup.backup")),
                () -> assertEquals(
                        List.of("new", "used"),
                        texts(project, "select table_name from maintenance.vacuumed_table order by 1")),
                () -> assertEquals(
                        List.of("deleted-lately", "used"),
                        texts(project, "select name from fleet.database order by 1")),
                () -> assertEquals(others, rows(other.project()), "another project's"));
        List<String> noted = texts(project, "select details::text from audit.entry where action = 'retention.purge'");
        assertTrue(noted.size() == 1 && noted.get(0).contains("\"runs\": 2"), noted::toString);
    }

    @Test
    void theLastRunsOfEachJobStayHoweverOldTheyAre() {
        ProjectId project = project("rarely-run");
        for (int i = 1; i <= 5; i++) {
            run(project, "old " + i, 100 - i);
        }
        run(project, "new", 1);
        UUID rare = run(project, "rare", 300);
        sql(project, "update job.run set job = 'rare' where id = '" + rare + "'");
        retentions.change(project, before -> new Retention(7, 7, 730, 3));
        purge(project);
        String left = "select reason from job.run where job <> 'purge' order by 1";
        assertEquals(List.of("new", "old 4", "old 5", "rare"), texts(project, left));
        assertEquals(3, retentions.of(project).keepRuns());
        retentions.change(project, before -> new Retention(7, 7, 730, 0));
        purge(project);
        assertEquals(List.of("new"), texts(project, left));
    }

    @Test
    void whoAsksForLessKeepsNinetyDaysOfTheAuditAllTheSame() {
        ProjectId project = project("wiped-trail");
        entry(project, 89, "89 days");
        entry(project, 91, "91 days");
        transactions.run(project, connection -> {
            try (var call = connection.prepareStatement("select audit.forget(now() + interval '1 day', 1000)")) {
                call.execute();
            }
        });
        assertEquals(List.of("89 days"), texts(project, "select object from audit.entry where action = 'test'"));
    }

    @Test
    void anInstanceThatCanBeRestoredNoMoreForgetsItsPasswordAtOnceAndGoesWithItsLastBackup() {
        UnreachableServer server = UnreachableServer.register(registration, "old-instance");
        ProjectId project = server.project();
        retentions.change(project, before -> new Retention(400, 90, 730, 0));
        backup(server, run(project, "its backup", 61), "local", null);
        sql(project, "update fleet.instance set password_sealed = 'sealed', deleted_at = now() - interval '31 days'");
        purge(project);
        assertEquals(List.of("null"), texts(project, "select coalesce(password_sealed, 'null') from fleet.instance"));
        sql(project, "update backup.backup set deleted_at = now() - interval '401 days', freed_at = now()");
        purge(project);
        assertEquals(List.of(), texts(project, "select name from fleet.instance"));
    }

    @Test
    void aProjectIsPurgedOnceADayAndNoneThatIsTooYoung() {
        ProjectId old = project("of-last-year");
        ProjectId young = project("of-yesterday");
        sql(
                old,
                "update fleet.project set created_at = now() - interval '31 days' where id = tenancy.current_project()");
        housekeeping.look();
        housekeeping.look();
        assertEquals(
                List.of("RETENTION nightshift"),
                texts(old, "select trigger || ' ' || triggered_by from job.run where job = 'purge'"));
        assertEquals(List.of(), texts(young, "select job from job.run"));
        sql(old, "update job.run set created_at = now() - interval '24 hours'");
        housekeeping.look();
        assertEquals(List.of("2"), texts(old, "select count(*)::text from job.run where job = 'purge'"));
    }

    @Test
    void aProjectIsGoneForGoodAfterThirtyDaysAndItsNameIsFreeAgain() {
        UnreachableServer server = full("gone-for-good");
        ProjectId project = server.project();
        audit.record(project, "test", "what stays", Map.of());
        sql(
                project,
                "update fleet.project set deleted_at = now() - interval '29 days' where id = tenancy.current_project()");
        deletions.removeForGood();
        assertNotEquals(Map.of(), rows(project), "29 days are not over");
        sql(
                project,
                "update fleet.project set deleted_at = now() - interval '31 days' where id = tenancy.current_project()");
        deletions.removeForGood();
        assertNotEquals(Map.of(), rows(project), "a backup of it is held");
        sql(project, "update backup.backup set deleted_at = now()");
        deletions.removeForGood();
        assertEquals(Map.of(), rows(project));
        assertEquals(
                List.of("what stays gone-for-good"),
                transactions.installation(
                        read(
                                "select object || ' ' || (details ->> 'project') from audit.entry where action = 'test' and object = 'what stays'")));
        assertEquals(
                List.of("nightshift"),
                transactions.installation(
                        read(
                                "select who from audit.entry where object = 'project gone-for-good' and action = 'project.remove'")));
        assertNotEquals(project, project("gone-for-good"));
    }

    @Test
    void whatTheBatchRuntimeKeptOfAnOldJobGoes() {
        ProjectId project = project("old-batch");
        Run run = purge(project);
        assertEquals(RunStatus.COMPLETED, run.status());
        String oldest = transactions
                .installation(read("select min(jobinstanceid)::text from batch.jobinstance"))
                .get(0);
        transactions.installation(connection -> {
            try (var age = connection.prepareStatement("""
                    update batch.jobinstance set createtime = createtime - interval '31 days' where jobinstanceid = ?::bigint
                    """)) {
                age.setString(1, oldest);
                return age.executeUpdate();
            }
        });
        assertNotEquals(List.of("0"), leftInBatch(oldest));
        assertEquals(List.of("1"), transactions.installation(read("select batch.forget(now(), 10)::text")));
        assertEquals(List.of("0"), leftInBatch(oldest));
        assertEquals(RunStatus.COMPLETED, purge(project).status(), "the runtime does not miss it");
    }

    private List<String> leftInBatch(String instance) {
        return transactions.installation(read("""
                select ((select count(*) from batch.jobinstance where jobinstanceid = %1$s)
                      + (select count(*) from batch.jobexecution where fk_jobinstanceid = %1$s)
                      + (select count(*) from batch.stepthreadinstance where fk_jobinstanceid = %1$s))::text
                """.formatted(instance)));
    }

    private ProjectId project(String name) {
        return registration
                .project(new NewProject(new Name(name), "Of a test", ZoneId.of("UTC"), Currency.getInstance("EUR")))
                .id();
    }

    /** With something old, something new and something that is still needed of every kind. */
    private UnreachableServer full(String name) {
        UnreachableServer server = UnreachableServer.register(registration, name);
        ProjectId project = server.project();
        for (String database : List.of("used", "deleted-lately", "deleted-long-ago")) {
            registration.database(
                    project,
                    server.instance(),
                    new NewDatabase(new Name(database), database, List.of(), VacuumSettings.standard()));
        }
        UUID ran = purge(project).id(); // with a target, steps and an attempt, as no other here
        sql(
                project,
                "update job.run set job = 'old', reason = 'ran', ended_at = now() - interval '61 days' where id = '"
                        + ran + "'");
        sql(project, "update fleet.database set deleted_at = now() - interval '29 days' where name = 'deleted-lately'");
        sql(
                project,
                "update fleet.database set deleted_at = now() - interval '31 days' where name = 'deleted-long-ago'");
        UUID old = run(project, "old", 61);
        UUID held = run(project, "held", 61);
        run(project, "new", 59);
        backup(server, held, "kept", null);
        backup(server, old, "deleted", "61 days");
        for (String[] line : new String[][] {{"old", "41"}, {"new", "39"}}) {
            sql(
                    project,
                    "insert into job.log_line (project_id, run_id, at, level, text) select tenancy.current_project(), id,"
                            + " now() - interval '" + line[1] + " days', 'ERROR', '" + line[0]
                            + "' from job.run where reason = 'new' and job = 'old'");
            sql(
                    project,
                    "insert into finding.outbox (project_id, kind, subject_id, at) values (tenancy.current_project(), '"
                            + line[0] + "', gen_random_uuid(), now() - interval '" + line[1] + " days')");
        }
        for (String[] finding : new String[][] {
            {"old", "CLOSED", "now() - interval '61 days'"},
            {"new", "CLOSED", "now() - interval '59 days'"},
            {"open", "OPEN", "null"}
        }) {
            sql(
                    project,
                    "insert into finding.finding (id, project_id, fingerprint, subject_kind, subject_id, subject_name,"
                            + " severity, state, title, detail, first_seen, closed_at) values (gen_random_uuid(),"
                            + " tenancy.current_project(), '" + finding[0]
                            + "', 'INSTANCE', gen_random_uuid(), 'x', 'INFO', '"
                            + finding[1] + "', '" + finding[0] + "', 'x', now() - interval '100 days', " + finding[2]
                            + ")");
        }
        for (String[] table : new String[][] {{"old", "61", "used"}, {"new", "59", "used"}, {"used", "1", "used"}}) {
            sql(
                    project,
                    "insert into maintenance.vacuumed_table (id, project_id, run_id, database_id, at, table_name, why, outcome)"
                            + " select gen_random_uuid(), tenancy.current_project(), gen_random_uuid(), id, now() - interval '"
                            + table[1] + " days', '" + table[0]
                            + "', 'x', 'DONE' from fleet.database where name = 'used'");
        }
        entry(project, 99, "99 days");
        entry(project, 101, "101 days");
        return server;
    }

    private UUID run(ProjectId project, String reason, int daysAgo) {
        UUID run = runs.skipped(project, request("old"), reason);
        String ago = "now() - interval '" + daysAgo + " days'";
        sql(project, "update job.run set started_at = " + ago + ", ended_at = " + ago + " where id = '" + run + "'");
        return run;
    }

    private void backup(UnreachableServer server, UUID run, String location, @Nullable String deletedAgo) {
        sql(
                server.project(),
                "insert into backup.backup (id, project_id, instance_id, run_id, kind, state, store, location,"
                        + " databases, taken_at, ended_at, server_version, size_bytes, stored_bytes, start_lsn, stop_lsn,"
                        + " recovery_lsn, timeline, system_identifier, checksums, checksum_failures, tablespaces, key_id,"
                        + " deleted_at, freed_at) values ('" + Ids.next(clock) + "', tenancy.current_project(), '"
                        + server.instance()
                        + "', '" + run + "', 'FULL', 'COMPLETE', 'local', '" + location
                        + "', '{}', now(), now(), '18.4', 1, 1,"
                        + " '0/1', '0/2', '0/3', 1, '1', true, 0, 0, 'key', "
                        + (deletedAgo == null ? "null, null" : "now() - interval '" + deletedAgo + "', now()") + ")");
    }

    private void entry(ProjectId project, int daysAgo, String object) {
        sql(
                project,
                "insert into audit.entry (id, project_id, at, who, who_kind, action, object) values ('"
                        + Ids.next(clock) + "', tenancy.current_project(), now() - interval '" + daysAgo
                        + " days', 'somebody', 'PERSON', 'test', '" + object + "')");
    }

    private static RunRequest request(String job) {
        return new RunRequest(
                job, List.of(), JsonValue.EMPTY_JSON_OBJECT, RunRequest.Trigger.PERSON, "a test", null, null);
    }

    private Run purge(ProjectId project) {
        UUID run = runs.request(project, request("purge"));
        return Eventually.get(
                "the end of the purge",
                Duration.ofMinutes(2),
                () -> Optional.of(runs.get(project, run))
                        .filter(found -> found.status().isOver()));
    }

    private void sql(ProjectId project, String statement) {
        transactions.run(project, connection -> {
            try (var update = connection.createStatement()) {
                update.execute(statement);
            }
        });
    }

    private List<String> texts(ProjectId project, String query) {
        return transactions.in(project, read(query));
    }

    private static Work<List<String>> read(String query) {
        return connection -> {
            try (var select = connection.createStatement();
                    var rows = select.executeQuery(query)) {
                List<String> texts = new ArrayList<>();
                while (rows.next()) {
                    texts.add(rows.getString(1));
                }
                return texts;
            }
        };
    }

    /** How many rows each table holds of the project, where it holds any. */
    private Map<String, Long> rows(ProjectId project) {
        return transactions.in(project, connection -> {
            Map<String, Long> counts = new TreeMap<>();
            for (String table : tables(connection)) {
                try (var count =
                        connection.prepareStatement("select count(*) from " + table + " where project_id = ?")) {
                    count.setObject(1, project.value());
                    try (var rows = count.executeQuery()) {
                        rows.next();
                        if (rows.getLong(1) > 0) {
                            counts.put(table, rows.getLong(1));
                        }
                    }
                }
            }
            return counts;
        });
    }

    private static List<String> tables(Connection connection) throws SQLException {
        List<String> tables = new ArrayList<>(read("""
                select c.oid::regclass::text from pg_class c
                  join pg_attribute a on a.attrelid = c.oid and a.attname = 'project_id' and not a.attisdropped
                 where c.relkind in ('r', 'p') and not c.relispartition order by 1
                """).with(connection));
        assertTrue(tables.size() >= 15, tables::toString);
        return tables;
    }
}
