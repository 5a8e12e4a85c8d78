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
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** Makes the databases that restores fill, and takes those away again that were not filled whole. */
@ApplicationScoped
class NewDatabases {
    private static final String JOB = "restore";

    /** template0 is copied file by file, on a busy server. */
    private static final Duration LONGEST = Duration.ofMinutes(10);

    private static final Pattern PROVISIONAL =
            Pattern.compile("(?i)nightshift_[0-9a-f]{8}(_[0-9a-f]{4}){3}_[0-9a-f]{12}");

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

    /** A database of a server; another one may have its name by now. */
    record Made(long oid, String name) {}

    /** A database with its comment, which has no letters if there is none. */
    private record Found(long oid, String comment) {}

    /**
     * How a database is called until its comment says whose it is: a kill between the two must leave none that nobody knows.
     *
     * @param restore that it is made by; no other one has this name
     */
    static String provisional(UUID restore) {
        return "nightshift_" + restore.toString().replace('-', '_');
    }

    /** @throws Failure.Skippable if Nightshift's role may not create databases */
    void requireRight(Endpoint server) {
        boolean none = names(
                        server,
                        "select rolname from pg_roles where rolname = current_user and (rolcreatedb or rolsuper)")
                .isEmpty();
        if (none) {
            throw new Failure.Skippable(
                    "Nightshift's role may not create databases on this server.",
                    "ALTER ROLE … CREATEDB for it, or restore into another instance.",
                    null);
        }
    }

    /** Whether a restore could take a database of this name for what an attempt of it has left. */
    static boolean isProvisional(String name) {
        return PROVISIONAL.matcher(name).matches();
    }

    /**
     * What an interrupted attempt of the same restore has left.
     *
     * @param mark how the comments of that restore's databases begin
     * @throws Failure.Conflict if the server has a database of this name that is anything else
     */
    List<Made> leftBehind(Endpoint server, String name, String provisional, String mark) {
        List<Made> left = new ArrayList<>();
        find(server, provisional).ifPresent(found -> {
            if (!found.comment().isEmpty() && !found.comment().startsWith(mark)) {
                throw new Failure.Conflict(
                        "The server has a database " + provisional
                                + ", whose comment is not that of a restore; it is left as it is.",
                        "Rename it: the restore needs this name for a moment.");
            }
            left.add(new Made(found.oid(), provisional));
        });
        Optional<Found> found = find(server, name);
        if (found.isPresent() && !found.get().comment().startsWith(mark)) {
            throw new Failure.Conflict(
                    "The server has a database " + name + " already, which is left as it is.",
                    "Choose another name: a restore never touches a database that is there.");
        }
        found.ifPresent(ours -> left.add(new Made(ours.oid(), name)));
        return left;
    }

    /** The database of this name if it has exactly this comment. */
    @Nullable
    Made marked(Endpoint server, String name, String mark) {
        return find(server, name)
                .filter(found -> found.comment().equals(mark))
                .map(found -> new Made(found.oid(), name))
                .orElse(null);
    }

    private Optional<Found> find(Endpoint server, String name) {
        return pools.call(server, Deadlines.monitoring(), JOB, session -> find(session.connection(), name));
    }

    private static Optional<Found> find(Connection connection, String name) throws SQLException {
        try (PreparedStatement query = connection.prepareStatement(
                "select oid, coalesce(shobj_description(oid, 'pg_database'), '') from pg_database where datname = ?")) {
            query.setString(1, name);
            try (ResultSet row = query.executeQuery()) {
                return row.next() ? Optional.of(new Found(row.getLong(1), row.getString(2))) : Optional.empty();
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

    /**
     * Creates a database to which nobody may connect but its owner and superusers: what is restored into it may have been for
     * few eyes.
     *
     * @param sql that creates it under its provisional name
     * @param mark its comment, by which a later attempt knows it for its own
     */
    Made create(Endpoint server, String sql, String provisional, String name, String mark) {
        String quoted = new Identifier(provisional).quoted();
        return pools.once(server, Deadlines.maintenance(LONGEST), JOB, session -> {
            try (Statement statement = session.connection().createStatement()) {
                statement.execute(sql);
                try {
                    statement.execute("comment on database " + quoted + " is '" + mark.replace("'", "''") + "'");
                    statement.execute("revoke all on database " + quoted + " from public");
                    statement.execute("alter database " + quoted + " rename to " + new Identifier(name).quoted());
                } catch (SQLException e) {
                    if (session.connection().isValid(10)) {
                        statement.execute("drop database if exists " + quoted);
                    }
                    throw e;
                }
                long oid = find(session.connection(), name).map(Found::oid).orElse(0L);
                return new Made(oid, name);
            }
        });
    }

    /**
     * Makes what pg_dump takes for granted, and takes away what it brings along although a new database has it.
     *
     * @param owners whether tables get their owners, who need rights to their schemas for it
     */
    void prepare(Endpoint database, DumpSelection selection, List<DumpNeeds.Schema> schemas, boolean owners) {
        if (selection.schemas().contains("public")) {
            execute(database, "drop schema if exists public");
        }
        for (DumpNeeds.Schema schema : schemas) {
            String quoted = new Identifier(schema.name()).quoted();
            // That of public is a role of the server's own, and a new database has the schema
            String owner = !owners || isBuiltIn(schema.owner()) ? null : schema.owner();
            execute(
                    database,
                    "create schema if not exists " + quoted
                            + (owner == null ? "" : " authorization " + new Identifier(owner).quoted()));
            if (owners) {
                schema.owners().stream()
                        .filter(each -> !each.equals(owner) && !isBuiltIn(each))
                        .forEach(each -> execute(
                                database,
                                "grant usage, create on schema " + quoted + " to " + new Identifier(each).quoted()));
            }
        }
        // A pooled session would keep the database from being dropped
        pools.forget(database);
    }

    private static boolean isBuiltIn(@Nullable String role) {
        return role == null || role.startsWith("pg_");
    }

    /**
     * It is whole now.
     *
     * @throws Failure.Conflict if its name leads to another one
     */
    void adopt(Endpoint server, Made made) {
        if (!isThere(server, made)) {
            throw new Failure.Conflict(
                    "The database " + made.name() + " was dropped or renamed while it was restored.",
                    "Restore it again, under another name.");
        }
        execute(server, "comment on database " + new Identifier(made.name()).quoted() + " is null");
    }

    /** Drops it, whoever is connected; not another one that has its name by now. */
    void drop(Endpoint server, Made made) {
        pools.forget(server.withDatabase(made.name()));
        if (isThere(server, made)) {
            execute(server, "drop database if exists " + new Identifier(made.name()).quoted() + " with (force)");
        }
    }

    private boolean isThere(Endpoint server, Made made) {
        return find(server, made.name())
                .filter(found -> found.oid() == made.oid())
                .isPresent();
    }
}
