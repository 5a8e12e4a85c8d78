package dev.nightshift.tenancy;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Identifier;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** The database itself keeps projects apart: what the application's role can do, asked of the catalog and tried. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RowSecurityIT {
    /** What belongs to the installation rather than to a project; a new table without a project is named here or fails. */
    private static final Set<String> INSTALLATION = Set.of(
            "access.login_failure",
            "access.person",
            "access.session",
            "backup.lost_store",
            "backup.store",
            "fleet.project",
            "job.fleet_pause",
            "job.lease",
            "job.lease_wait",
            "job.node",
            "vault.master_key");

    /** Installation rows beside project rows: readable where no project is set. */
    private static final Set<String> BOTH = Set.of("access.api_key", "audit.entry");

    /** What the shared product has filled by the time that its demo round is over: these are tried with real rows. */
    private static final Set<String> FILLED = Set.of(
            "access.api_key",
            "audit.entry",
            "backup.backup",
            "fleet.database",
            "fleet.instance",
            "job.attempt",
            "job.log_count",
            "job.log_line",
            "job.run",
            "job.run_database",
            "job.step",
            "job.target",
            "vault.project_key");

    private final Nightshift nightshift = Nightshift.shared();
    private UUID demo;
    private UUID other;

    record Table(String name, Identifier schema, Identifier relation) {
        String sql() {
            return schema + "." + relation;
        }

        @Override
        public String toString() {
            return name;
        }
    }

    @BeforeAll
    void twoProjects() throws SQLException {
        nightshift.awaitDemoRound();
        TestProject project = TestProject.create(nightshift.admin(), "row-security");
        nightshift
                .admin()
                .post(
                        "api/keys",
                        Json.createObjectBuilder()
                                .add("name", "row-security")
                                .add("project", "demo")
                                .add("role", "VIEWER")
                                .build())
                .expect(201);
        demo = projectId("demo");
        other = projectId(project.name());
    }

    private UUID projectId(String name) throws SQLException {
        try (Connection owner = nightshift.repository().connect("postgres");
                PreparedStatement select = owner.prepareStatement("select id from fleet.project where name = ?")) {
            select.setString(1, name);
            try (ResultSet rows = select.executeQuery()) {
                assertTrue(rows.next(), name);
                return rows.getObject(1, UUID.class);
            }
        }
    }

    @Test
    void theApplicationsRoleOwnsNothingAndPassesNoPolicy() throws SQLException {
        assertAll(
                () -> assertEquals(
                        List.of("nightshift_app"),
                        strings(
                                "select rolname from pg_roles where rolname = 'nightshift_app' and not rolsuper and not rolbypassrls and not rolcreaterole and not rolcreatedb and not rolreplication")),
                () -> assertEquals(
                        List.of(), strings("select relname from pg_class where relowner = 'nightshift_app'::regrole")),
                () -> assertEquals(
                        List.of(),
                        strings(
                                "select roleid::regrole from pg_auth_members where member = 'nightshift_app'::regrole")));
    }

    @Test
    void everyTableOutsideOfProjectsIsKnownByName() throws SQLException {
        Set<String> without = new TreeSet<>();
        for (String table : strings("""
                select n.nspname || '.' || c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
                where c.relkind in ('r', 'p', 'v', 'm', 'f') and not c.relispartition
                  and n.nspname !~ '^pg_' and n.nspname not in ('information_schema', 'batch', 'public')
                  and not (c.relrowsecurity and exists (
                      select from pg_attribute a where a.attrelid = c.oid and a.attname = 'project_id'))
                """)) {
            without.add(table);
        }
        assertEquals(new TreeSet<>(INSTALLATION), without);
    }

    @Test
    void partitionsAreOutOfReachAndTheChangeLogCanBeReadAlone() throws SQLException {
        assertEquals(List.of("public.databasechangelog: SELECT"), strings("""
                        select n.nspname || '.' || c.relname || ': ' || privilege
                          from pg_class c join pg_namespace n on n.oid = c.relnamespace,
                               unnest(array['SELECT', 'INSERT', 'UPDATE', 'DELETE', 'TRUNCATE']) privilege
                        where c.relkind in ('r', 'p', 'v', 'm', 'f') and (c.relispartition or n.nspname = 'public')
                          and has_table_privilege('nightshift_app', c.oid, privilege)
                        """));
    }

    @Test
    void everyPolicyAdmitsTheTransactionsProjectAloneForEverything() throws SQLException {
        String project = "(project_id = ( SELECT tenancy.current_project() AS current_project))";
        String orNone = "(NOT (project_id IS DISTINCT FROM ( SELECT tenancy.current_project() AS current_project)))";
        List<String> odd = new ArrayList<>();
        for (String policy : strings("""
                select schemaname || '.' || tablename || '|' || cmd || ' ' || permissive || ' ' || roles::text || '|' || qual
                       || '|' || coalesce(with_check, qual)
                from pg_policies
                """)) {
            String[] parts = policy.split("\\|", -1);
            String expected = BOTH.contains(parts[0]) ? orNone : project;
            if (!parts[1].equals("ALL PERMISSIVE {public}")
                    || !parts[2].equals(expected)
                    || !parts[3].equals(expected)) {
                odd.add(policy);
            }
        }
        assertEquals(List.of(), odd);
    }

    @Test
    void functionsThatActAsTheOwnerHaveAFixedSearchPath() throws SQLException {
        assertEquals(List.of(), strings("""
                        select p.oid::regprocedure::text from pg_proc p
                        where p.prosecdef and not coalesce(p.proconfig, '{}') @> array['search_path=pg_catalog, pg_temp']
                          and not coalesce(p.proconfig, '{}') @> array['search_path=pg_catalog']
                          and not coalesce(p.proconfig, '{}') @> array['search_path=""']
                        """));
    }

    List<Table> tablesOfProjects() throws SQLException {
        List<Table> tables = new ArrayList<>();
        try (Connection owner = nightshift.repository().connect("postgres");
                Statement statement = owner.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select n.nspname, c.relname from pg_class c join pg_namespace n on n.oid = c.relnamespace
                        where c.relrowsecurity and not c.relispartition order by 1, 2
                        """)) {
            while (rows.next()) {
                tables.add(new Table(
                        rows.getString(1) + "." + rows.getString(2),
                        new Identifier(rows.getString(1)),
                        new Identifier(rows.getString(2))));
            }
        }
        assertFalse(tables.isEmpty());
        return tables;
    }

    @ParameterizedTest
    @MethodSource("tablesOfProjects")
    void rowsOfAnotherProjectAreNeitherReadNorWritten(Table table) throws SQLException {
        @Nullable String row = null;
        try (Connection owner = nightshift.repository().connect("postgres");
                PreparedStatement select = owner.prepareStatement(
                        "select to_jsonb(t)::text from " + table.sql() + " t where project_id = ? limit 1")) {
            select.setObject(1, demo);
            try (ResultSet rows = select.executeQuery()) {
                if (rows.next()) {
                    row = rows.getString(1);
                }
            }
        }
        if (FILLED.contains(table.name())) {
            assertTrue(row != null, "The demo round left no row in " + table);
        }
        for (@Nullable UUID set : new @Nullable UUID[] {other, null}) {
            assertEquals(0, tried(set, "select 1 from " + table.sql() + " where project_id = '" + demo + "'"), "read");
            assertEquals(
                    0,
                    tried(
                            set,
                            "update " + table.sql() + " set project_id = project_id where project_id = '" + demo + "'"),
                    "updated");
            assertEquals(0, tried(set, "delete from " + table.sql() + " where project_id = '" + demo + "'"), "deleted");
            if (row != null) {
                assertEquals(
                        0,
                        tried(
                                set,
                                "insert into " + table.sql() + " (" + written(table)
                                        + ") overriding system value select "
                                        + written(table) + " from jsonb_populate_record(null::"
                                        + table.sql() + ", '" + row.replace("'", "''") + "')"),
                        "inserted");
            }
        }
    }

    /** The columns that can be written: what is computed from others takes no value. */
    private String written(Table table) throws SQLException {
        try (Connection app = nightshift.repository().connect("nightshift_app");
                PreparedStatement query = app.prepareStatement("""
                        select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
                         where attrelid = ?::regclass and attnum > 0 and not attisdropped and attgenerated = ''
                        """)) {
            query.setString(1, table.sql());
            try (ResultSet row = query.executeQuery()) {
                row.next();
                return row.getString(1);
            }
        }
    }

    /** Rows that the application's role touches with this project set; a refusal by grant or policy is none. */
    private int tried(@Nullable UUID project, String sql) throws SQLException {
        try (Connection app = nightshift.repository().connect("nightshift_app")) {
            app.setAutoCommit(false);
            if (project != null) {
                try (PreparedStatement set = app.prepareStatement("select set_config('nightshift.project', ?, true)")) {
                    set.setString(1, project.toString());
                    set.execute();
                }
            }
            try (Statement statement = app.createStatement()) {
                if (!statement.execute(sql)) {
                    return statement.getUpdateCount();
                }
                int count = 0;
                try (ResultSet rows = statement.getResultSet()) {
                    while (rows.next()) {
                        count++;
                    }
                }
                return count;
            } catch (SQLException e) {
                assertEquals("42501", e.getSQLState(), e.getMessage());
                return 0;
            } finally {
                app.rollback();
            }
        }
    }

    private List<String> strings(String query) throws SQLException {
        try (Connection owner = nightshift.repository().connect("postgres");
                Statement statement = owner.createStatement();
                ResultSet rows = statement.executeQuery(query)) {
            List<String> found = new ArrayList<>();
            while (rows.next()) {
                found.add(rows.getString(1));
            }
            return found;
        }
    }
}
