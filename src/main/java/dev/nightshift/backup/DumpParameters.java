package dev.nightshift.backup;

import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.job.Parameter;
import dev.nightshift.job.Parameters;
import dev.nightshift.kernel.Failure;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;

/** What of a database a logical backup, or a restore out of a physical one, is to hold, as a run's parameters say it: exact names, written as SQL writes them. */
final class DumpParameters {
    private static final String SCHEMAS = "schemas";
    private static final String WITHOUT_SCHEMAS = "withoutSchemas";
    private static final String TABLES = "tables";
    private static final String WITHOUT_TABLES = "withoutTables";

    private static final List<String> NAMES = List.of(SCHEMAS, WITHOUT_SCHEMAS, TABLES, WITHOUT_TABLES);

    private static final int MOST = 50;

    /** Bytes of a name (manual, section 4.1.1). */
    private static final int LONGEST = 63;

    private static final String FORM =
            " Names are exact, apart by commas, schema and table by a dot; put a name that holds"
                    + " anything but letters, digits and underscores in double quotes, and double those within.";

    private DumpParameters() {}

    /** @param where they have a say: {@code "Of a logical backup"} */
    static List<Parameter> all(String where) {
        return List.of(
                Parameter.text(SCHEMAS, "Schemas", where + ": only these schemas." + FORM, false),
                Parameter.text(WITHOUT_SCHEMAS, "Without schemas", where + ": not these schemas.", false),
                Parameter.text(
                        TABLES,
                        "Tables",
                        where + ": only these tables, each with its schema, such as public.orders, \"Odd name\".\"T\"."
                                + " What they refer to does not come along.",
                        false),
                Parameter.text(WITHOUT_TABLES, "Without tables", where + ": not these tables.", false));
    }

    /** These and the job's own, which come first. */
    static List<Parameter> after(String where, Parameter... own) {
        return Stream.concat(Stream.of(own), all(where).stream()).toList();
    }

    /** @throws Failure.Invalid naming the first that is given */
    static void refuse(Parameters parameters, String why) {
        for (String name : NAMES) {
            if (parameters.text(name).isPresent()) {
                throw new Failure.Invalid("parameters." + name, why);
            }
        }
    }

    /**
     * Checks them.
     *
     * @throws Failure.Invalid naming the parameter
     */
    static void check(Manifest.Kind kind, Parameters parameters) {
        if (kind.physical()) {
            refuse(
                    parameters,
                    "A " + kind.word() + " backup holds the whole instance: choose the kind logical, schema or data.");
            return;
        }
        selection(parameters);
    }

    /**
     * What was chosen.
     *
     * @throws Failure.Invalid naming the parameter
     */
    static DumpSelection selection(Parameters parameters) {
        List<DumpSelection.Table> tables = tables(parameters, TABLES);
        List<String> schemas = schemas(parameters, SCHEMAS);
        List<String> without = schemas(parameters, WITHOUT_SCHEMAS);
        if (!tables.isEmpty() && !(schemas.isEmpty() && without.isEmpty())) {
            throw new Failure.Invalid(
                    "parameters." + (schemas.isEmpty() ? WITHOUT_SCHEMAS : SCHEMAS),
                    "Where tables are chosen pg_dump takes no heed of schemas: give one of the two.");
        }
        return new DumpSelection(schemas, without, tables, tables(parameters, WITHOUT_TABLES));
    }

    private static List<String> schemas(Parameters parameters, String name) {
        List<String> schemas = new ArrayList<>();
        for (List<String> parts : names(parameters, name)) {
            if (parts.size() != 1) {
                throw invalid(name, "A schema's name has one part: " + String.join(".", parts) + ".");
            }
            schemas.add(parts.get(0));
        }
        return schemas;
    }

    private static List<DumpSelection.Table> tables(Parameters parameters, String name) {
        List<DumpSelection.Table> tables = new ArrayList<>();
        for (List<String> parts : names(parameters, name)) {
            if (parts.size() != 2) {
                throw invalid(
                        name,
                        "A table is named with its schema, as in public.orders: " + String.join(".", parts) + ".");
            }
            tables.add(new DumpSelection.Table(parts.get(0), parts.get(1)));
        }
        return tables;
    }

    private static List<List<String>> names(Parameters parameters, String name) {
        String text = parameters.text(name).orElse("").strip();
        if (text.isEmpty()) {
            return List.of();
        }
        List<List<String>> names = new Names(text, name).read();
        if (names.size() > MOST) {
            throw invalid(name, "At most " + MOST + " names.");
        }
        return names;
    }

    private static Failure.Invalid invalid(String name, String message) {
        return new Failure.Invalid("parameters." + name, message);
    }

    /** Reads {@code a.b, "c""d"} from left to right. */
    private static final class Names {
        private final String text;
        private final String parameter;
        private int at;

        Names(String text, String parameter) {
            this.text = text;
            this.parameter = parameter;
        }

        List<List<String>> read() {
            List<List<String>> names = new ArrayList<>();
            List<String> parts = new ArrayList<>();
            while (true) {
                parts.add(part());
                char next = separator();
                if (next != '.') {
                    names.add(List.copyOf(parts));
                    parts.clear();
                }
                if (next == 0) {
                    return names;
                }
            }
        }

        /** A dot, a comma, or 0 at the end. */
        private char separator() {
            skip();
            if (at == text.length()) {
                return 0;
            }
            char next = text.charAt(at++);
            if (next != '.' && next != ',') {
                throw invalid(parameter, "It cannot be read at \"" + text.substring(at - 1) + "\"." + FORM);
            }
            return next;
        }

        private String part() {
            skip();
            StringBuilder name = new StringBuilder();
            if (at < text.length() && text.charAt(at) == '"') {
                quoted(name);
            } else {
                while (at < text.length() && isPlain(text.charAt(at))) {
                    name.append(text.charAt(at++));
                }
            }
            String part = name.toString();
            if (part.isEmpty() || part.indexOf('\0') >= 0 || part.getBytes(StandardCharsets.UTF_8).length > LONGEST) {
                throw invalid(parameter, "A name has 1 to " + LONGEST + " bytes." + FORM);
            }
            return part;
        }

        private void quoted(StringBuilder name) {
            for (at++; at < text.length(); at++) {
                if (text.charAt(at) != '"') {
                    name.append(text.charAt(at));
                } else if (at + 1 < text.length() && text.charAt(at + 1) == '"') {
                    name.append('"');
                    at++;
                } else {
                    at++;
                    return;
                }
            }
            throw invalid(parameter, "A double quote is not closed." + FORM);
        }

        private static boolean isPlain(char c) {
            return c == '_' || c == '$' || Character.isLetterOrDigit(c);
        }

        private void skip() {
            while (at < text.length() && Character.isWhitespace(text.charAt(at))) {
                at++;
            }
        }
    }
}
