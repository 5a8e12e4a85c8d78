package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.MasterKey;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.Properties;
import org.postgresql.Driver;

/** A start with another master key than the first one's ends before there is a server that could not do anything. */
final class MasterKeyCheck {
    private MasterKeyCheck() {}

    /**
     * Compares the key with the fingerprint in the repository, if one is there yet.
     *
     * @param user who owns the repository
     * @throws Failure.Fatal if it is another key or none, or the repository cannot be asked
     */
    static void against(String url, String user, String password, LauncherConfig.Secret given) {
        MasterKey key = MasterKey.parse(given.value());
        Properties properties = new Properties();
        properties.setProperty("user", user);
        properties.setProperty("password", password);
        properties.setProperty("connectTimeout", "10");
        try (Connection connection = new Driver().connect(url, properties);
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery("select fingerprint from vault.master_key")) {
            if (row.next()) {
                key.mustBe(row.getString(1));
            }
        } catch (SQLException e) {
            throw new Failure.Fatal(
                    "The repository does not tell which master key it was written under: " + e.getMessage(), null, e);
        }
    }
}
