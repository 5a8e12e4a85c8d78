package dev.nightshift.backup.proof;

import dev.nightshift.kernel.Identifier;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;

/** What the proof of a logical backup asks a sandbox's server and has it do, PostgreSQL 15 and newer. */
final class DumpCatalog {
    private DumpCatalog() {}

    static void execute(Connection connection, String sql) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute(sql);
        }
    }

    static Set<String> roles(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select rolname from pg_roles")) {
            Set<String> roles = new HashSet<>();
            while (rows.next()) {
                roles.add(rows.getString(1));
            }
            return roles;
        }
    }

    /** What can be created here, with its version. */
    static Map<String, String> extensions(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(
                        "select name, coalesce(default_version, '') from pg_available_extensions")) {
            Map<String, String> extensions = new HashMap<>();
            while (rows.next()) {
                extensions.put(rows.getString(1), rows.getString(2));
            }
            return extensions;
        }
    }

    /** A fresh cluster has one of the usual name already, which is empty. */
    static void dropDatabase(Connection connection, String name) throws SQLException {
        if (name.equals("template1")) {
            execute(connection, "alter database template1 is_template false");
        }
        execute(connection, "drop database if exists " + new Identifier(name).quoted());
    }

    static void schema(Connection connection, String name) throws SQLException {
        execute(connection, "create schema if not exists " + new Identifier(name).quoted());
    }

    static void dropSchema(Connection connection, String name) throws SQLException {
        execute(connection, "drop schema if exists " + new Identifier(name).quoted());
    }

    /** What a restored database has, without the server's own. */
    record Counts(long tables, long indexes, long constraints, long functions) {}

    static Counts counts(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("""
                        with ours (oid) as (select oid from pg_namespace
                              where nspname not in ('pg_catalog', 'information_schema') and nspname !~ '^pg_(toast|temp_)')
                        select (select count(*) from pg_class where relnamespace in (select oid from ours) and relkind in ('r', 'p')),
                               (select count(*) from pg_class where relnamespace in (select oid from ours) and relkind in ('i', 'I')),
                               (select count(*) from pg_constraint where connamespace in (select oid from ours)),
                               (select count(*) from pg_proc where pronamespace in (select oid from ours))
                        """)) {
            row.next();
            return new Counts(row.getLong(1), row.getLong(2), row.getLong(3), row.getLong(4));
        }
    }
}
