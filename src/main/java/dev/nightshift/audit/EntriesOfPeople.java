package dev.nightshift.audit;

import dev.nightshift.access.PersonalRecords;
import dev.nightshift.kernel.Page;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What the audit log holds of a person's deeds. */
@ApplicationScoped
public class EntriesOfPeople implements PersonalRecords {
    @Inject
    private Entries entries;

    @Inject
    private Transactions transactions;

    @Override
    public String what() {
        return "auditEntries";
    }

    @Override
    public List<Map<String, Object>> of(String person, int most) {
        List<Map<String, Object>> found = new ArrayList<>();
        Entries.Filter filter = new Entries.Filter(null, person, null, null, null, null, Page.MAX);
        while (found.size() < most) {
            List<Entries.Entry> page = entries.all(filter);
            for (Entries.Entry entry : page) {
                Map<String, Object> told = new LinkedHashMap<>();
                told.put("at", entry.at());
                told.put("from", entry.address() == null ? "" : entry.address());
                told.put("project", entry.project() == null ? "" : entry.project());
                told.put("action", entry.action());
                told.put("object", entry.object());
                found.add(told);
            }
            if (page.size() < Page.MAX) {
                break;
            }
            filter = filter.before(page.get(page.size() - 1).id());
        }
        return found.subList(0, Math.min(most, found.size()));
    }

    @Override
    public void rename(String person, String pseudonym) {
        transactions.installation(connection -> {
            try (var call = connection.prepareStatement("select audit.rename_person(?, ?)")) {
                call.setString(1, person);
                call.setString(2, pseudonym);
                return call.execute();
            }
        });
    }
}
