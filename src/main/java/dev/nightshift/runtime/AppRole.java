package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.postgresql.Driver;

/** The role that the application logs in with must be held by row level security, or projects are not kept apart. */
final class AppRole {
    private AppRole() {}

    /** @throws Failure.Fatal if it cannot log in, is a superuser, bypasses row level security or owns the database */
    static void check(String url, String user, String password) {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("connectTimeout", "10");
        try (Connection connection = new Driver().connect(url, properties);
                Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("""
                        select r.rolsuper or r.rolbypassrls or pg_has_role(current_user, d.datdba, 'usage')
                          from pg_roles r, pg_database d
                         where r.rolname = current_user and d.datname = current_database()
                        """)) {
            rows.next();
            if (rows.getBoolean(1)) {
                throw new Failure.Fatal(
                        "The application's role " + user + " is a superuser, bypasses row level security or owns the"
                                + " repository: projects would not be kept apart.",
                        "Use a plain role: create role " + user + " login nosuperuser nobypassrls; and let"
                                + " NIGHTSHIFT_REPOSITORY_OWNER_USER own the database.",
                        null);
            }
        } catch (SQLException e) {
            throw new Failure.Fatal(
                    "The repository at " + url + " does not admit the application's role " + user + ": "
                            + e.getMessage(),
                    "Check NIGHTSHIFT_REPOSITORY_USER and NIGHTSHIFT_REPOSITORY_PASSWORD.",
                    e);
        }
    }
}
