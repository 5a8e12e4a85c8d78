package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Map;
import java.util.Properties;
import java.util.logging.Level;
import java.util.logging.Logger;
import liquibase.Contexts;
import liquibase.LabelExpression;
import liquibase.Liquibase;
import liquibase.Scope;
import liquibase.UpdateSummaryEnum;
import liquibase.UpdateSummaryOutputEnum;
import liquibase.database.Database;
import liquibase.database.DatabaseFactory;
import liquibase.database.jvm.JdbcConnection;
import liquibase.resource.DirectoryResourceAccessor;
import liquibase.ui.LoggerUIService;
import org.postgresql.Driver;

/**
 * Brings the repository's schema to this version, as its owner, before the server starts. Nodes that start together wait for
 * each other at an advisory lock, which a killed one leaves by itself.
 */
public final class Migration {
    private static final String CHANGE_LOG = "changelog.xml";

    /** Any number that no other program uses in this database: "nightshi" in ASCII. */
    private static final long LOCK = 0x6e69676874736869L;

    /** java.util.logging forgets levels of loggers that nobody holds. */
    private static final Logger QUIET = Logger.getLogger("liquibase");

    private Migration() {}

    /**
     * Runs what is pending.
     *
     * @param url {@code jdbc:postgresql://…}
     * @param appRole the role that the application logs in with; the change logs grant to it
     * @param folder holds changelog.xml and the files that it includes
     * @return whether the database held no Nightshift before
     * @throws Failure.Fatal if the database cannot be reached, or a change set fails; what was done before it stays
     */
    public static boolean run(String url, String user, String password, String appRole, Path folder) {
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("ApplicationName", "nightshift migration");
        properties.setProperty("connectTimeout", "10");
        if (!Files.exists(folder.resolve(CHANGE_LOG))) {
            throw new Failure.Fatal("The change log " + folder.resolve(CHANGE_LOG) + " is missing.", null, null);
        }
        try (Connection connection = new Driver().connect(url, properties)) {
            if (connection == null) {
                throw new Failure.Fatal("\"" + url + "\" is not a PostgreSQL address.", null, null);
            }
            lock(connection);
            boolean fresh = isFresh(connection);
            QUIET.setLevel(Level.OFF); // the exception says it all
            // Its anonymous usage statistics would call home from a database tool: never
            System.setProperty("liquibase.analytics.enabled", "false");
            Scope.child(Map.of(Scope.Attr.ui.name(), new LoggerUIService()), () -> update(connection, appRole, folder));
            return fresh;
        } catch (SQLException e) {
            throw new Failure.Fatal(
                    "The repository database at " + url + " cannot be migrated as " + user + ": " + e.getMessage(),
                    "Check that the server runs and that this role owns the database.",
                    e);
        } catch (Failure e) {
            throw e;
        } catch (Exception e) { // Scope.child declares it
            throw new Failure.Fatal(
                    "The repository database at " + url + " could not be migrated: " + rootMessage(e),
                    "Nothing was started. Change sets that were done stay; the next start goes on from here.",
                    e);
        }
    }

    @SuppressWarnings("try") // its close() declares Exception; it holds nothing that waits
    private static void update(Connection connection, String appRole, Path folder) throws Exception {
        Database database =
                DatabaseFactory.getInstance().findCorrectDatabaseImplementation(new JdbcConnection(connection));
        try (DirectoryResourceAccessor files = new DirectoryResourceAccessor(folder)) {
            // Not closed: that would close the caller's connection
            @SuppressWarnings("resource")
            Liquibase liquibase = new Liquibase(CHANGE_LOG, files, database);
            liquibase.setChangeLogParameter("app_role", appRole);
            liquibase.setShowSummary(UpdateSummaryEnum.OFF);
            liquibase.setShowSummaryOutput(UpdateSummaryOutputEnum.LOG);
            liquibase.update(new Contexts(), new LabelExpression());
        } catch (IOException e) {
            throw new Failure.Fatal("The change logs in " + folder + " cannot be read.", null, e);
        }
    }

    /** Liquibase makes its own table before it takes its own lock, so two first starts would collide without this one. */
    private static void lock(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement()) {
            statement.execute("set lock_timeout = '10min'");
            statement.execute("select pg_advisory_lock(" + LOCK + ")"); // the session's: gone with the connection
            statement.execute("reset lock_timeout");
        }
    }

    private static boolean isFresh(Connection connection) throws SQLException {
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery("select to_regclass('databasechangelog') is null")) {
            rows.next();
            return rows.getBoolean(1);
        }
    }

    private static String rootMessage(Throwable failure) {
        Throwable root = failure;
        for (Throwable cause = root.getCause(); cause != null; cause = cause.getCause()) {
            root = cause;
        }
        return String.valueOf(root.getMessage());
    }
}
