package dev.nightshift.job;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.SourceLog;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.UncheckedIOException;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;

/**
 * Databases of one server whose tables are made stale again and again, and each time vacuumed by one run: runs of a few
 * databases each, a new one as soon as the last has ended. Beside them two databases that only schedules vacuum.
 */
final class StaleDatabases implements AutoCloseable {
    /** Two, so that a node can be lost between them. */
    private static final List<String> TABLES = List.of("stale_a", "stale_b");

    private static final List<String> SCHEDULED = List.of("m0", "m1");
    private static final Duration LONG = Duration.ofMinutes(4);

    private final Postgres source;
    private final TwoNodes nodes;
    private final TestProject project;
    private final List<Group> groups = new ArrayList<>();
    private final List<String> accepted = new ArrayList<>();
    private final List<String> miscounted = new ArrayList<>();
    private CompletableFuture<Void> feeding = CompletableFuture.completedFuture(null);
    private volatile boolean enough;
    private int counted;

    /** What one run at a time vacuums. */
    private static final class Group {
        private final List<String> databases = new ArrayList<>();
        private final Map<String, Long> vacuums = new HashMap<>();
        private String run = "";
    }

    private StaleDatabases(Postgres source, TwoNodes nodes, TestProject project) {
        this.source = source;
        this.nodes = nodes;
        this.project = project;
    }

    /** Starts their server, which writes down what is done to it; the project need not be there yet. */
    static StaleDatabases of(TwoNodes nodes, TestProject project) {
        Map<String, String> settings = new TreeMap<>(SourceLog.SETTINGS);
        settings.putAll(Map.of(
                "autovacuum", "off",
                "fsync", "off", // nobody kills this server
                "max_connections", "1200",
                "vacuum_cost_delay", "20ms",
                "vacuum_cost_limit", "80"));
        return new StaleDatabases(Postgres.start(17, settings), nodes, project);
    }

    /**
     * Creates and registers them. A VACUUM of the first table takes about 2 s, one of the second 7 s: longer than the 5 s in
     * which a server notices that its client was killed.
     */
    void create(int databases, int each) throws SQLException {
        source.execute("postgres", "create database model");
        for (int i = 0; i < TABLES.size(); i++) {
            String table = TABLES.get(i);
            // Room on each page for the new versions of its rows: about eight of them in the first table, three in the
            // second
            source.execute(
                    "model",
                    "create table " + table + " (id int, text text) with (fillfactor = 10)",
                    "insert into " + table + " select id, repeat('x', " + (i == 0 ? 70 : 240)
                            + ") from generate_series(1, 2100) id",
                    "set vacuum_cost_delay = 0",
                    "vacuum analyze " + table);
        }
        for (int i = 0; i < databases; i++) {
            if (i % each == 0) {
                groups.add(new Group());
            }
            groups.get(i / each).databases.add(add("d" + i));
        }
        for (String database : SCHEDULED) {
            freshen(add(database));
        }
    }

    private String add(String database) throws SQLException {
        source.execute("postgres", "create database " + database + " template model");
        if (database.equals("d0")) {
            project.register(database, source, database);
        } else {
            project.registerOn("d0", database, database);
        }
        return database;
    }

    Postgres source() {
        return source;
    }

    /** The runs that were asked for and accepted. */
    List<String> accepted() {
        return List.copyOf(accepted);
    }

    /** How often the server's counters of a database were looked at after a run. */
    int counted() {
        return counted;
    }

    /** Tables whose server did not count exactly one VACUUM between two times that they were made stale. */
    List<String> miscounted() {
        return List.copyOf(miscounted);
    }

    /** Two of each minute on the same databases, so that their runs get in each other's way; each fire has its run. */
    void schedule() {
        for (String name : List.of("minutely", "minutely-too")) {
            project.api()
                    .post(
                            project.path("schedules"),
                            Json.createObjectBuilder()
                                    .add("name", name)
                                    .add("job", "vacuum")
                                    .add("cron", "* * * * *")
                                    .add("zone", "UTC")
                                    .add("databases", Json.createArrayBuilder(SCHEDULED))
                                    .add("parameters", Json.createObjectBuilder())
                                    .add("misfire", "ALL")
                                    .add("overlap", "ALLOW")
                                    .build())
                    .expect(201);
        }
    }

    /** Starts a run of each group, and another one whenever it has ended. */
    void keepBusy() {
        feeding = CompletableFuture.runAsync(() -> {
            try {
                while (!enough) {
                    for (Group group : groups) {
                        if (!enough && hasEnded(group)) {
                            next(group);
                        }
                    }
                    Eventually.sleep(Duration.ofMillis(200));
                }
            } catch (SQLException e) {
                throw new IllegalStateException(e);
            }
        });
    }

    /** Starts none any more, and waits for the end of those that are under way. */
    void letEnd() throws SQLException {
        enough = true;
        feeding.join();
        nodes.repository()
                .execute("update job.schedule set enabled = false where project_id = "
                        + "(select id from fleet.project where name = '" + project.name() + "')");
        Eventually.isTrue("every run ends", Duration.ofMinutes(5), this::nothingIsOpen);
        for (Group group : groups) {
            count(group);
        }
    }

    private boolean nothingIsOpen() {
        try {
            return nodes.repository()
                    .texts("select r.id from job.run r join fleet.project p on p.id = r.project_id where p.name = '"
                            + project.name() + "' and r.status in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING')")
                    .isEmpty();
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private boolean hasEnded(Group group) throws SQLException {
        return group.run.isEmpty()
                || !nodes.repository()
                        .texts("select id from job.run where id = '" + group.run
                                + "' and status not in ('QUEUED', 'WAITING', 'STARTED', 'STOPPING')")
                        .isEmpty();
    }

    private void next(Group group) throws SQLException {
        count(group);
        for (String database : group.databases) {
            freshen(database);
        }
        String before = nodes.repository().texts("select now()").get(0);
        group.run = Eventually.get("a run that is accepted", LONG, () -> start(group, before));
        accepted.add(group.run);
    }

    /** By one of the nodes; one that was killed just now may have accepted it without an answer. */
    private Optional<String> start(Group group, String before) {
        JsonObject request = Json.createObjectBuilder()
                .add("job", "vacuum")
                .add("databases", Json.createArrayBuilder(group.databases))
                .build();
        try {
            Optional<Api.Answer> answer = nodes.somebody().map(api -> api.post(project.path("runs"), request));
            if (answer.isEmpty() || answer.get().status() >= 500) {
                return Optional.empty();
            }
            return Optional.of(answer.get().expect(202).object().getString("id"));
        } catch (UncheckedIOException e) {
            Eventually.sleep(Duration.ofMillis(500)); // its transaction may be about to end
            try {
                return nodes
                        .repository()
                        .texts("select r.id from job.run r join job.target t on t.run_id = r.id"
                                + " join fleet.project p on p.id = r.project_id where p.name = '" + project.name()
                                + "' and t.database_names = array['" + group.databases.get(0)
                                + "'] and r.created_at > '" + before + "'")
                        .stream()
                        .findFirst();
            } catch (SQLException broken) {
                throw new IllegalStateException(broken);
            }
        }
    }

    /** Half of the rows get a new version, and the counters know it. */
    private void freshen(String database) throws SQLException {
        List<String> statements = new ArrayList<>();
        TABLES.forEach(table -> statements.add("update " + table + " set text = text where id % 2 = 0"));
        statements.add("select pg_stat_force_next_flush()");
        source.execute(database, statements.toArray(String[]::new));
    }

    /** The server's own counters: one VACUUM more than before the last run. */
    private void count(Group group) throws SQLException {
        for (String database : group.databases) {
            try (Connection connection = source.connect(database);
                    Statement statement = connection.createStatement();
                    ResultSet rows = statement.executeQuery(
                            "select relname, vacuum_count from pg_stat_user_tables order by relname")) {
                while (rows.next()) {
                    String table = database + "." + rows.getString(1);
                    long now = rows.getLong(2);
                    long expected = group.vacuums.getOrDefault(table, 0L) + (group.run.isEmpty() ? 0 : 1);
                    if (now != expected) {
                        miscounted.add(table + ": " + now + " instead of " + expected + " after run " + group.run);
                    }
                    group.vacuums.put(table, now);
                }
            }
            counted += group.run.isEmpty() ? 0 : 1;
        }
    }

    @Override
    public void close() {
        enough = true;
        source.close();
    }
}
