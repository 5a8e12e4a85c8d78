package dev.nightshift.kernel;

import java.util.List;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Comma-separated values (RFC 4180) that a spreadsheet may open: no cell is run as a formula (OWASP, CSV Injection). */
public final class Csv {
    private static final Pattern FORMULA = Pattern.compile("^[=+\\-@\t\r]");
    private static final Pattern TO_QUOTE = Pattern.compile("[\",\r\n]");

    private Csv() {}

    /** A line with its end. Null is an empty cell; a text that a spreadsheet would run gets an apostrophe before it. */
    public static String line(List<? extends @Nullable Object> cells) {
        return cells.stream().map(Csv::cell).collect(Collectors.joining(",", "", "\r\n"));
    }

    private static String cell(@Nullable Object value) {
        if (value == null) {
            return "";
        }
        String text = value.toString();
        if (!(value instanceof Number) && FORMULA.matcher(text).find()) {
            text = "'" + text;
        }
        return TO_QUOTE.matcher(text).find() ? "\"" + text.replace("\"", "\"\"") + "\"" : text;
    }
}
