package dev.nightshift.fleet;

import dev.nightshift.kernel.Name;
import java.time.ZoneId;
import java.util.Currency;

/**
 * A project to register.
 *
 * @param name never changes
 * @param displayName for people, 1 to 200 characters
 * @param timeZone in which its people think of nights and days
 * @param currency in which its bills are written
 */
public record NewProject(Name name, String displayName, ZoneId timeZone, Currency currency) {
    public NewProject {
        Checks.length("displayName", displayName, 1, 200);
    }
}
