package dev.nightshift.job;

import dev.nightshift.access.PersonalRecords;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.ResultSet;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/** What a person did to runs: started, stopped, restarted, declared dead. */
@ApplicationScoped
public class RunsOfPeople implements PersonalRecords {
    @Inject
    private Transactions transactions;

    @Override
    public String what() {
        return "runs";
    }

    @Override
    public List<Map<String, Object>> of(String person, int most) {
        return transactions.installation(connection -> {
            try (var call = connection.prepareStatement(
                    "select project, run_id, job, did, at from job.deeds_of_person(?, ?)")) {
                call.setString(1, person);
                call.setInt(2, most);
                try (ResultSet rows = call.executeQuery()) {
                    List<Map<String, Object>> runs = new ArrayList<>();
                    while (rows.next()) {
                        runs.add(Map.of(
                                "project",
                                rows.getString(1),
                                "run",
                                rows.getString(2),
                                "job",
                                rows.getString(3),
                                "did",
                                rows.getString(4),
                                "at",
                                rows.getTimestamp(5).toInstant()));
                    }
                    return runs;
                }
            }
        });
    }

    @Override
    public void rename(String person, String pseudonym) {
        transactions.installation(connection -> {
            try (var call = connection.prepareStatement("select job.rename_person(?, ?)")) {
                call.setString(1, person);
                call.setString(2, pseudonym);
                return call.execute();
            }
        });
    }
}
