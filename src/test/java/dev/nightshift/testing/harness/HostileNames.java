package dev.nightshift.testing.harness;

import java.nio.file.Path;

/**
 * Names of PostgreSQL's objects that say more than a name does, as in CVE-2012-0868 and CVE-2025-8715: where a name gets into a
 * comment of a script its line ends, and what follows is a statement, or a command of psql's.
 *
 * @param mine the file that appears when one is run
 */
public record HostileNames(Path mine) {
    /** A schema, table and index. */
    public String plain() {
        return "a\n\\! touch " + letters() + "\n; create role injected; --";
    }

    /** A column, type and function, and a role that may log in and is superuser. */
    public String powerful() {
        return "b\"; create role injected; --\n\\! touch " + letters();
    }

    /** A role with settings, everywhere and in the database. */
    public String weak() {
        return "r'\n\\! touch " + letters();
    }

    /** Names have 63 bytes at most. */
    private String letters() {
        String path = mine.toString();
        if (path.length() > 20) {
            throw new IllegalArgumentException(path + " is too long");
        }
        return path;
    }

    /** Makes them all; the table has 100 rows. */
    public String[] statements(String database) {
        String name = quoted(plain());
        String table = name + "." + name;
        String powerful = quoted(powerful());
        String weak = quoted(weak());
        String value = "'a\n\\! touch " + mine + "\n\\.\n\\! touch " + mine + "'";
        return new String[] {
            "create role " + weak,
            "create role " + powerful + " login superuser",
            "alter role " + weak + " set search_path = " + value + ", 'y''; create role injected; --'",
            "alter role " + weak + " in database " + quoted(database) + " set application_name = " + value,
            "alter database " + quoted(database) + " set application_name = " + value,
            "grant " + weak + " to " + powerful,
            "create schema " + name + " authorization " + weak,
            "create table " + table + " (" + powerful + " int, \"it's\" text default " + value + ")",
            "insert into " + table + " select generate_series(1, 100)",
            "create index on " + table + " (" + powerful + ")",
            "create index " + powerful + " on " + table + " (\"it's\")",
            "create function " + name + "." + powerful + "() returns int language sql as 'select 1'",
            "create type " + name + "." + powerful + " as enum ('a\n\\! touch " + mine + "')",
            "comment on table " + table + " is " + value,
            "grant select on " + table + " to " + weak,
            "alter table " + table + " owner to " + powerful
        };
    }

    private static String quoted(String name) {
        return '"' + name.replace("\"", "\"\"") + '"';
    }
}
