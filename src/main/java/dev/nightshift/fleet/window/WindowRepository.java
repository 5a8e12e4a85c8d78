package dev.nightshift.fleet.window;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import java.sql.Array;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.DayOfWeek;
import java.time.LocalTime;
import java.time.ZoneId;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.stream.Collectors;

/** Maintenance windows of the transaction's project. */
final class WindowRepository {
    private WindowRepository() {}

    /** By name. */
    static List<MaintenanceWindow> all(Connection connection) throws SQLException {
        try (var query = connection.prepareStatement("""
                        select id, name, days, starts, ends, zone, databases from fleet.maintenance_window
                         where project_id = tenancy.current_project() order by name
                        """);
                var rows = query.executeQuery()) {
            List<MaintenanceWindow> windows = new ArrayList<>();
            while (rows.next()) {
                String[] days = (String[]) rows.getArray("days").getArray();
                windows.add(new MaintenanceWindow(
                        rows.getObject("id", UUID.class),
                        rows.getString("name"),
                        Arrays.stream(days).map(DayOfWeek::valueOf).collect(Collectors.toSet()),
                        rows.getObject("starts", LocalTime.class),
                        rows.getObject("ends", LocalTime.class),
                        ZoneId.of(rows.getString("zone")),
                        List.of((String[]) rows.getArray("databases").getArray())));
            }
            return windows;
        }
    }

    /** @throws Failure.Conflict if the name is taken */
    static void add(Connection connection, ProjectId project, MaintenanceWindow window) throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into fleet.maintenance_window (days, starts, ends, zone, databases, id, project_id, name)
                values (?, ?, ?, ?, ?, ?, ?, ?) on conflict (project_id, name) do nothing
                """)) {
            values(connection, insert, window);
            insert.setObject(6, window.id());
            insert.setObject(7, project.value());
            insert.setString(8, window.name());
            if (insert.executeUpdate() == 0) {
                throw new Failure.Conflict(
                        "This project has a window named " + window.name() + " already.",
                        "Choose another name, or change that one.");
            }
        }
    }

    /** Until the transaction's end nobody else changes or deletes the window. */
    static void lock(Connection connection, String name) throws SQLException {
        try (var lock = connection.prepareStatement("select from fleet.maintenance_window where name = ? for update")) {
            lock.setString(1, name);
            lock.execute();
        }
    }

    static void change(Connection connection, MaintenanceWindow window) throws SQLException {
        try (var update = connection.prepareStatement("""
                update fleet.maintenance_window set days = ?, starts = ?, ends = ?, zone = ?, databases = ? where id = ?
                """)) {
            values(connection, update, window);
            update.setObject(6, window.id());
            update.executeUpdate();
        }
    }

    static void delete(Connection connection, UUID window) throws SQLException {
        try (var delete = connection.prepareStatement("delete from fleet.maintenance_window where id = ?")) {
            delete.setObject(1, window);
            delete.executeUpdate();
        }
    }

    private static void values(Connection connection, PreparedStatement statement, MaintenanceWindow window)
            throws SQLException {
        Array days = connection.createArrayOf(
                "text", window.days().stream().sorted().map(DayOfWeek::name).toArray());
        Array databases = connection.createArrayOf("text", window.databases().toArray());
        statement.setArray(1, days);
        statement.setObject(2, window.start());
        statement.setObject(3, window.end());
        statement.setString(4, window.zone().getId());
        statement.setArray(5, databases);
    }
}
