package dev.nightshift.job.schedule;

import dev.nightshift.kernel.Failure;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.time.DateTimeException;
import java.time.LocalDate;
import java.time.MonthDay;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * What a person plans.
 *
 * @param cron when it starts; null where {@code after} is set
 * @param after the job whose success starts it: of a run that ends, the databases that are done
 * @param zone of the times and of {@code except}
 * @param databases names, {@code tag:} and a tag for those that carry it, or {@code *} for all
 * @param except days that are left out, {@code 2026-12-24} or {@code 12-24} for every year
 */
public record Plan(
        String job,
        @Nullable String cron,
        @Nullable String after,
        String zone,
        List<String> databases,
        JsonObject parameters,
        Misfire misfire,
        Overlap overlap,
        List<String> except,
        boolean enabled) {
    private static final int MOST_EXCEPTIONS = 100;
    private static final Pattern MONTH_AND_DAY = Pattern.compile("\\d\\d-\\d\\d");

    /** @throws Failure.Invalid naming the field that does not hold */
    public Plan {
        if ((cron == null) == (after == null)) {
            throw new Failure.Invalid(
                    "cron",
                    "A schedule has either times (cron) or a job that it follows (after), not both and not neither.");
        }
        if (except.size() > MOST_EXCEPTIONS) {
            throw new Failure.Invalid("except", "At most " + MOST_EXCEPTIONS + " days can be left out.");
        }
        for (int i = 0; i < except.size(); i++) {
            if (!isDay(except.get(i))) {
                throw new Failure.Invalid(
                        "except[" + i + "]", "A day such as 2026-12-24 is expected, or 12-24 for every year.");
            }
        }
        databases = Collections.unmodifiableList(new ArrayList<>(databases)); // null among them is refused by its place
        except = List.copyOf(except);
    }

    /** At times, as most plans are: a missed one once, none beside another. */
    public static Plan at(String cron, String zone, String job, List<String> databases) {
        return new Plan(
                job,
                cron,
                null,
                zone,
                databases,
                JsonValue.EMPTY_JSON_OBJECT,
                Misfire.ONCE,
                Overlap.SKIP,
                List.of(),
                true);
    }

    /** The same, switched off. */
    Plan off() {
        return new Plan(job, cron, after, zone, databases, parameters, misfire, overlap, except, false);
    }

    /** For the audit log. */
    Map<String, Object> details() {
        Map<String, Object> details = new TreeMap<>(Map.of(
                "job", job,
                "zone", zone,
                "databases", databases,
                "parameters", parameters,
                "misfire", misfire,
                "overlap", overlap,
                "except", except,
                "enabled", enabled));
        if (cron != null) {
            details.put("cron", cron);
        }
        if (after != null) {
            details.put("after", after);
        }
        return details;
    }

    private static boolean isDay(@Nullable String text) {
        try {
            if (text == null) {
                return false;
            }
            return MONTH_AND_DAY.matcher(text).matches()
                    ? MonthDay.parse("--" + text) != null
                    : text.length() == 10 && LocalDate.parse(text).getYear() > 0;
        } catch (DateTimeException e) {
            return false;
        }
    }
}
