package dev.nightshift.backup.deletion;

import dev.nightshift.access.PersonalRecords;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** Which deletions a person asked for, and which they decided. */
@ApplicationScoped
public class DeletionsOfPeople implements PersonalRecords {
    @Inject
    private Transactions transactions;

    @Override
    public String what() {
        return "deletionRequests";
    }

    @Override
    public List<Map<String, Object>> of(String person, int most) {
        return transactions.installation(connection -> {
            try (var call = connection.prepareStatement(
                    "select project, request, title, did, at from backup.deletions_of_person(?, ?)")) {
                call.setString(1, person);
                call.setInt(2, most);
                try (ResultSet rows = call.executeQuery()) {
                    List<Map<String, Object>> requests = new ArrayList<>();
                    while (rows.next()) {
                        requests.add(Map.of(
                                "project",
                                rows.getString(1),
                                "request",
                                rows.getString(2),
                                "what",
                                rows.getString(3),
                                "did",
                                rows.getString(4),
                                "at",
                                rows.getTimestamp(5).toInstant()));
                    }
                    return requests;
                }
            }
        });
    }

    @Override
    public void rename(String person, String pseudonym) {
        transactions.installation(connection -> {
            try (var call = connection.prepareStatement("select backup.rename_deleter(?, ?)")) {
                call.setString(1, person);
                call.setString(2, pseudonym);
                return call.execute();
            }
        });
    }
}
