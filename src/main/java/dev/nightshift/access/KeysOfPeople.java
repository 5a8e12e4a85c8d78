package dev.nightshift.access;

import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The API keys that a person made. */
@ApplicationScoped
public class KeysOfPeople implements PersonalRecords {
    @Inject
    private Transactions transactions;

    @Override
    public String what() {
        return "keysMade";
    }

    @Override
    public List<Map<String, Object>> of(String person, int most) {
        return transactions.installation(connection -> {
            try (var call = connection.prepareStatement(
                    "select project, name, prefix, created_at from access.keys_of_person(?, ?)")) {
                call.setString(1, person);
                call.setInt(2, most);
                try (var rows = call.executeQuery()) {
                    List<Map<String, Object>> keys = new ArrayList<>();
                    while (rows.next()) {
                        Map<String, Object> key = new LinkedHashMap<>();
                        key.put("project", rows.getString(1) == null ? "" : rows.getString(1));
                        key.put("name", rows.getString(2));
                        key.put("begins", rows.getString(3));
                        key.put("at", rows.getTimestamp(4).toInstant());
                        keys.add(key);
                    }
                    return keys;
                }
            }
        });
    }

    /** The erasure of the person does that itself. */
    @Override
    public void rename(String person, String pseudonym) {}
}
