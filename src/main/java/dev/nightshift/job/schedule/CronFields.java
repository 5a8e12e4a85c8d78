package dev.nightshift.job.schedule;

import dev.nightshift.kernel.Failure;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.stream.Collectors;
import java.util.stream.IntStream;

/**
 * The grammar of the five fields: what is read at all, before anybody works out times. It is narrower than the library's, which
 * takes what other crons mean otherwise: {@code 5/10}, {@code L-3}, or {@code L} as a day of the week.
 */
final class CronFields {
    private static final int LONGEST = 200;
    private static final List<String> MONTHS =
            List.of("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC");
    private static final List<String> DAYS = List.of("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT");
    private static final Map<String, Integer> NAMED_MONTHS = numbered(MONTHS, 1);
    private static final Map<String, Integer> NAMED_DAYS = numbered(DAYS, 0);
    private static final int DAY_OF_MONTH = 2;
    private static final int DAY_OF_WEEK = 4;
    private static final int SUNDAY = 7;

    /** A field by its name, and what stands in it. */
    private record Field(String name, int least, int most, Map<String, Integer> names) {}

    private static final List<Field> FIELDS = List.of(
            new Field("minute", 0, 59, Map.of()),
            new Field("hour", 0, 23, Map.of()),
            new Field("day of the month", 1, 31, Map.of()),
            new Field("month", 1, 12, NAMED_MONTHS),
            new Field("day of the week", 0, 7, NAMED_DAYS));

    private CronFields() {}

    private static Map<String, Integer> numbered(List<String> names, int first) {
        return IntStream.range(0, names.size()).boxed().collect(Collectors.toMap(names::get, i -> i + first));
    }

    /**
     * The expression in numbers, as the library reads it.
     *
     * @throws Failure.Invalid naming {@code cron}, with the field that is wrong in its words
     */
    static String numbers(String expression) {
        if (expression.length() > LONGEST) {
            throw invalid("An expression has at most " + LONGEST + " characters.");
        }
        String[] given = expression.split("\\s+", -1);
        if (given.length != FIELDS.size()) {
            throw invalid(
                    "Five fields are expected: minute, hour, day of month, month, day of week; \"0 2 * * *\" is every"
                            + " night at two.");
        }
        List<String> numbers = new ArrayList<>();
        for (int i = 0; i < given.length; i++) {
            numbers.add(field(i, given[i].toUpperCase(Locale.ROOT)));
        }
        if (!daysAreClear(given)) {
            throw invalid(
                    "Of a day of the month and a day of the week, neither may be a step of *: crons disagree whether both"
                            + " must fit. Write the step over a range, such as 1-31/2; then either day will do.");
        }
        return String.join(" ", numbers);
    }

    /** One of the two days is any, or neither is a step of any. */
    static boolean daysAreClear(String[] fields) {
        return fields[DAY_OF_MONTH].equals("*")
                || fields[DAY_OF_WEEK].equals("*")
                || !(fields[DAY_OF_MONTH].contains("*") || fields[DAY_OF_WEEK].contains("*"));
    }

    private static String field(int index, String text) {
        Field field = FIELDS.get(index);
        if (index == DAY_OF_MONTH && text.equals("L")) {
            return text;
        }
        if (index == DAY_OF_WEEK && text.length() > 1 && text.endsWith("L")) {
            return value(field, text.substring(0, text.length() - 1)) % SUNDAY + "L";
        }
        int hash = text.indexOf('#');
        if (index == DAY_OF_WEEK && hash > 0) {
            int nth = number(field, text.substring(hash + 1));
            if (nth < 1 || nth > 5) {
                throw invalid(
                        "The " + field.name() + " \"" + text + "\" names the first to the fifth of a month: #1 to #5.");
            }
            return value(field, text.substring(0, hash)) % SUNDAY + "#" + nth;
        }
        List<String> parts = new ArrayList<>();
        for (String part : text.split(",", -1)) {
            parts.add(part(field, part));
        }
        return String.join(",", parts);
    }

    private static String part(Field field, String text) {
        String[] step = text.split("/", -1);
        if (step.length > 2) {
            throw unread(field, text);
        }
        String[] ends = step[0].split("-", -1);
        if (ends.length > 2 || (step.length == 2 && ends.length == 1 && !ends[0].equals("*"))) {
            throw unread(field, text);
        }
        String range;
        if (step[0].equals("*")) {
            range = "*";
        } else if (ends.length == 1) {
            range = Integer.toString(value(field, ends[0]));
        } else {
            int from = value(field, ends[0]);
            int to = value(field, ends[1]);
            if (to == 0 && from > 0 && field.most() == SUNDAY) {
                to = SUNDAY; // SAT-SUN
            }
            if (to < from) {
                throw invalid("The " + field.name() + " \"" + text
                        + "\" ends before it begins; write two, with a comma between.");
            }
            range = from + "-" + to;
        }
        if (step.length == 1) {
            return range;
        }
        int every = number(field, step[1]);
        if (every < 1 || every > field.most()) {
            throw invalid("The step of the " + field.name() + " \"" + text + "\" must lie between 1 and " + field.most()
                    + ".");
        }
        return range + "/" + every;
    }

    private static int value(Field field, String text) {
        Integer named = field.names().get(text);
        int value = named == null ? number(field, text) : named;
        if (value < field.least() || value > field.most()) {
            throw invalid("The " + field.name() + " must lie between " + field.least() + " and " + field.most()
                    + ", not at " + text + ".");
        }
        return value;
    }

    private static int number(Field field, String text) {
        if (text.isEmpty() || text.length() > 4 || !text.chars().allMatch(c -> c >= '0' && c <= '9')) {
            throw unread(field, text);
        }
        return Integer.parseInt(text);
    }

    private static Failure.Invalid unread(Field field, String text) {
        return invalid("The " + field.name() + " cannot be read at \"" + text
                + "\": *, 5, 1-5, */10, 8-18/2 and lists of them are" + " known.");
    }

    private static Failure.Invalid invalid(String words) {
        return new Failure.Invalid("cron", words);
    }
}
