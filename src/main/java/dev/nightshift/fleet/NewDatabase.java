package dev.nightshift.fleet;

import dev.nightshift.kernel.Name;
import java.util.List;

/**
 * A database to register.
 *
 * @param name in Nightshift; never changes
 * @param dbname what the server calls it; never changes either
 * @param tags for choosing it
 * @param vacuum from when on its tables are vacuumed
 */
public record NewDatabase(Name name, String dbname, List<String> tags, VacuumSettings vacuum) {
    public NewDatabase {
        Checks.length("dbname", dbname, 1, 63);
        tags = Checks.tags(tags);
    }
}
