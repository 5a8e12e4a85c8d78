package dev.nightshift.backup;

import dev.nightshift.backup.read.SavedDatabase;
import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Identifier;
import dev.nightshift.postgres.Deadlines;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.TargetPools;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;

/** Makes the databases that restores fill, and takes those away again that were not filled whole. */
@ApplicationScoped
class NewDatabases {
    private static final String JOB = "restore";

    /** template0 is copied file by file, on a busy server. */
    private static final Duration LONGEST = Duration.ofMinutes(10);

    @Inject
    private TargetPools pools;

    /** One statement after the other, none in a transaction. */
    private void execute(Endpoint endpoint, String... statements) {
        pools.<Boolean>once(endpoint, Deadlines.maintenance(LONGEST), JOB, session -> {
            try (Statement statement = session.connection().createStatement()) {
                for (String sql : statements) {
                    statement.execute(sql);
                }
            }
            return true;
        });
    }

    int major(Endpoint server) {
        return pools.call(server, Deadlines.monitoring(), JOB, session -> session.serverMajor());
    }

    /**
     * Whether the server has a database of this name that an interrupted attempt of the same restore had made.
     *
     * @throws Failure.Conflict if it has one that is anything else
     */
    boolean leftBehind(Endpoint server, String name, String mark) {
        Optional<String> comment =
                pools.call(server, Deadlines.monitoring(), JOB, session -> comment(session.connection(), name));
        if (comment.isEmpty()) {
            return false;
        }
        if (comment.get().equals(mark)) {
            return true;
        }
        throw new Failure.Conflict(
                "The server has a database " + name + " already, which is left as it is.",
                "Choose another name: a restore never touches a database that is there.");
    }

    /** Of a database, without letters if it has none; empty if there is no such database. */
    private static Optional<String> comment(Connection connection, String name) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(
                "select coalesce(shobj_description(oid, 'pg_database'), '') from pg_database where datname = ?")) {
            query.setString(1, name);
            try (ResultSet row = query.executeQuery()) {
                return row.next() ? Optional.of(row.getString(1)) : Optional.empty();
            }
        }
    }

    /** The saved roles that the server lacks. */
    List<SavedDatabase.Role> missing(Endpoint server, SavedDatabase saved) {
        Set<String> there = names(server, "select rolname from pg_roles");
        return saved.roles().stream()
                .filter(role -> !there.contains(role.name()))
                .toList();
    }

    /** @throws Failure.Skippable naming those that the server cannot create */
    void requireExtensions(Endpoint server, List<SavedDatabase.Extension> wanted) {
        Set<String> there = names(server, "select name from pg_available_extensions");
        List<String> missing = wanted.stream()
                .map(SavedDatabase.Extension::name)
                .filter(name -> !there.contains(name))
                .toList();
        if (!missing.isEmpty()) {
            throw new Failure.Skippable(
                    "The server lacks extensions that the backup creates: " + String.join(", ", missing) + ".",
                    "Install their files on the server.",
                    null);
        }
    }

    private Set<String> names(Endpoint server, String sql) {
        return pools.call(server, Deadlines.monitoring(), JOB, session -> {
            Set<String> names = new HashSet<>();
            try (Statement statement = session.connection().createStatement();
                    ResultSet rows = statement.executeQuery(sql)) {
                while (rows.next()) {
                    names.add(rows.getString(1));
                }
            }
            return names;
        });
    }

    void create(Endpoint server, SavedDatabase.Role role) {
        execute(server, role.create(false));
    }

    /** @param sql that creates a database */
    void create(Endpoint server, String sql) {
        execute(server, sql);
    }

    /** @param mark by which a later attempt knows it for its own */
    void mark(Endpoint server, String name, String mark) {
        execute(
                server,
                "comment on database " + new Identifier(name).quoted() + " is '" + mark.replace("'", "''") + "'");
    }

    /** What pg_dump takes for granted, or brings along although a new database has it. */
    void prepare(Endpoint database, DumpSelection selection) {
        if (selection.schemas().contains("public")) {
            execute(database, "drop schema if exists public");
        }
        selection.tables().stream()
                .map(DumpSelection.Table::schema)
                .distinct()
                .forEach(schema -> execute(database, "create schema if not exists " + new Identifier(schema).quoted()));
        // A pooled session would keep the database from being dropped
        pools.forget(database);
    }

    /** It is whole now. */
    void adopt(Endpoint server, String name) {
        execute(server, "comment on database " + new Identifier(name).quoted() + " is null");
    }

    void drop(Endpoint server, String name) {
        pools.forget(server.withDatabase(name));
        execute(server, "drop database if exists " + new Identifier(name).quoted() + " with (force)");
    }
}
