package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.HostileNames;
import jakarta.json.Json;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Set;
import java.util.TreeSet;
import org.junit.jupiter.api.Test;

/** A restore into a server that lives of a database that carries code, with names, roles and settings that would be some. */
class HostileRestoreIT {
    private static final String DATABASE = "it's \"a\" dbname=b";
    private static final String COPY = "c'\" \\ dbname=postgres";

    /** Whatever has a name, with its owner and comment. */
    private static final String NAMES = """
            select string_agg(line, '|' order by line) from (
                select concat_ws('/', 'table', n.nspname, c.relname, pg_get_userbyid(c.relowner), obj_description(c.oid), c.relacl)
                  from pg_class c join pg_namespace n on n.oid = c.relnamespace where n.nspname !~ '^(pg_|information)'
                union all select concat_ws('/', 'column', attname, pg_get_expr(adbin, adrelid))
                  from pg_attribute a left join pg_attrdef on adrelid = attrelid and adnum = attnum
                 where attrelid >= 16384 and attnum > 0
                union all select concat_ws('/', 'function', proname) from pg_proc where oid >= 16384
                union all select concat_ws('/', 'value', enumlabel) from pg_enum) all_of_them (line)
            """;

    private final Nightshift nightshift = Nightshift.shared();
    private final Path mine =
            Path.of("/tmp/ns-hostile-" + (ProcessHandle.current().pid() % 1000));

    private static String text(Postgres server, String database, String sql) throws SQLException {
        try (Connection connection = server.connect(database);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    private static Set<String> roles(Postgres server) throws SQLException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select rolname from pg_roles")) {
            Set<String> roles = new TreeSet<>();
            while (rows.next()) {
                roles.add(rows.getString(1));
            }
            return roles;
        }
    }

    @Test
    void namesAreNamesRolesAreThoseThatWereAskedForAndCodeRunsAsNightshiftsRoleThere() throws Exception {
        TestProject project = TestProject.create(nightshift.admin(), "hostile-restore");
        HostileNames names = new HostileNames(mine);
        try (Postgres source = Postgres.start(15);
                Postgres other = Postgres.start(15)) {
            source.execute("postgres", "create database \"" + DATABASE.replace("\"", "\"\"") + "\"");
            source.execute(DATABASE, names.statements(DATABASE));
            source.execute(
                    DATABASE,
                    "create table public.ran (who text, port int)",
                    """
                    create function public.tell() returns int language plpgsql as $$ begin
                        insert into public.ran select current_user, inet_server_port();
                        return 1;
                    end $$
                    """,
                    """
                    create function public.told(n int) returns int immutable language plpgsql as $$ begin
                        return public.tell();
                    end $$
                    """,
                    "create table public.trap (n int check (public.told(n) > 0))",
                    "insert into public.trap values (1)",
                    "truncate public.ran");
            project.register("shop", source, DATABASE);
            project.register("other", other, "postgres");
            String backup = project.complete("backup", "shop", TestProject.parameters("kind", "logical"))
                    .getJsonArray("targets")
                    .getJsonObject(0)
                    .getJsonObject("figures")
                    .getString("backup");
            Set<String> before = roles(other);
            project.complete(
                    "restore",
                    "shop",
                    Json.createObjectBuilder()
                            .add("backup", backup)
                            .add("newDatabase", COPY)
                            .add("instance", "other")
                            .add("createRoles", true)
                            .build());
            Set<String> made = new TreeSet<>(roles(other));
            made.removeAll(before);
            assertAll(
                    () -> assertEquals(new TreeSet<>(Set.of(names.powerful(), names.weak())), made),
                    () -> assertEquals(
                            "0",
                            text(
                                    other,
                                    "postgres",
                                    "select count(*) from pg_authid where oid >= 16384 and (rolsuper or rolcanlogin"
                                            + " or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls"
                                            + " or rolpassword is not null)")),
                    () -> assertEquals("0", text(other, "postgres", "select count(*) from pg_db_role_setting")),
                    () -> assertEquals(
                            "0", text(other, "postgres", "select count(*) from pg_auth_members where roleid >= 16384")),
                    () -> assertEquals(text(source, DATABASE, NAMES), text(other, COPY, NAMES)),
                    () -> assertEquals(
                            other.user() + " " + other.port(),
                            text(other, COPY, "select string_agg(who || ' ' || port, ',') from public.ran"),
                            "a check that the dump brings is the server's to call, by the role that restores"),
                    () -> assertEquals("1", text(other, COPY, "select count(*) from public.trap")),
                    () -> assertFalse(Files.exists(mine)));
        }
    }
}
