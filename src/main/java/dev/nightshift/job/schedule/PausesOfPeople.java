package dev.nightshift.job.schedule;

import dev.nightshift.access.PersonalRecords;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** What a person paused, and the blackouts that they made. */
@ApplicationScoped
public class PausesOfPeople implements PersonalRecords {
    @Inject
    private Transactions transactions;

    @Override
    public String what() {
        return "pauses";
    }

    @Override
    public List<Map<String, Object>> of(String person, int most) {
        return transactions.installation(connection -> {
            try (var call =
                    connection.prepareStatement("select project, what, since, why from job.pauses_of_person(?, ?)")) {
                call.setString(1, person);
                call.setInt(2, most);
                try (ResultSet rows = call.executeQuery()) {
                    List<Map<String, Object>> pauses = new ArrayList<>();
                    while (rows.next()) {
                        Map<String, Object> pause = new HashMap<>(Map.of(
                                "what",
                                rows.getString(2),
                                "at",
                                rows.getTimestamp(3).toInstant(),
                                "why",
                                rows.getString(4)));
                        String project = rows.getString(1);
                        if (project != null) {
                            pause.put("project", project);
                        }
                        pauses.add(pause);
                    }
                    return pauses;
                }
            }
        });
    }

    /** They are renamed with the runs. */
    @Override
    public void rename(String person, String pseudonym) {}
}
