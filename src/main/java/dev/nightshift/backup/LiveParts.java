package dev.nightshift.backup;

import dev.nightshift.kernel.Identifier;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;

/** What of a restored copy of a database acts by itself, or is still at work. */
final class LiveParts {
    private final Connection connection;

    /** @param connection of the superuser, with a search_path of pg_catalog alone, that commits by itself */
    LiveParts(Connection connection) {
        this.connection = connection;
    }

    /** Rolls back prepared transactions of the copy, which hold locks and were not committed at its point; a sentence each. */
    List<String> endPrepared() throws SQLException {
        List<String> told = new ArrayList<>();
        for (String name : names("select gid from pg_prepared_xacts where database = current_database() order by 1")) {
            try (Statement statement = connection.createStatement()) {
                statement.execute(
                        "rollback prepared E'" + name.replace("\\", "\\\\").replace("'", "\\'") + "'");
            }
            told.add("The prepared transaction " + new Identifier(name).quoted()
                    + " was not committed at this point, and nothing of it is restored.");
        }
        return told;
    }

    /** What goes along with a whole database, and acts in the new one; a sentence each. */
    List<String> told() throws SQLException {
        List<String> told = new ArrayList<>();
        tell(
                told,
                "Event triggers go along, and may act when somebody connects or changes definitions",
                "select evtname from pg_event_trigger where evtenabled <> 'D' order by 1");
        tell(
                told,
                "Foreign servers go along, with the passwords that are kept for them",
                "select srvname from pg_foreign_server order by 1");
        tell(told, "Publications go along", "select pubname from pg_publication order by 1");
        return told;
    }

    private void tell(List<String> told, String what, String sql) throws SQLException {
        List<String> names = names(sql);
        if (!names.isEmpty()) {
            told.add(what + ": "
                    + String.join(
                            ", ",
                            names.stream()
                                    .map(name -> new Identifier(name).quoted())
                                    .toList())
                    + ".");
        }
    }

    private List<String> names(String sql) throws SQLException {
        List<String> names = new ArrayList<>();
        try (Statement statement = connection.createStatement();
                ResultSet rows = statement.executeQuery(sql)) {
            while (rows.next()) {
                names.add(rows.getString(1));
            }
        }
        return names;
    }
}
