package dev.nightshift.backup.adopted;

import dev.nightshift.kernel.Failure;
import jakarta.json.JsonArray;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonStructure;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a tool says of its repository.
 *
 * @param name the tool's own for the server: the stanza of pgBackRest, the server of Barman
 */
record ToolReport(String name, List<AdoptedBackup> backups) {
    static final int MOST_BACKUPS = 5000;
    private static final int LONGEST = 200;

    /** How pgBackRest calls a stanza where it could read none, and its status of a repository that failed it; seen at 2.45. */
    private static final String UNREAD = "[invalid]";

    private static final int FAILED = 99;

    /** Tools whose reports are understood. */
    enum Tool {
        PGBACKREST("pgBackRest", "stanza", "pgbackrest info --output=json"),
        BARMAN("Barman", "server", "barman -f json list-backup <server>");

        private final String title;
        private final String part;
        private final String command;

        Tool(String title, String part, String command) {
            this.title = title;
            this.part = part;
            this.command = command;
        }

        /** As its makers write it. */
        String title() {
            return title;
        }

        /** As addresses and answers write it. */
        String word() {
            return name().toLowerCase(Locale.ROOT);
        }

        private Failure.Invalid notItsReport(String why) {
            return new Failure.Invalid("This is not what " + command + " prints: " + why);
        }
    }

    /**
     * Reads what {@code pgbackrest info --output=json} prints; the fields are those of its user guide, seen at 2.45. Backups
     * of another cluster in the same stanza, such as the one before an upgrade, are left out.
     *
     * @param stanza null if there is one only
     * @param systemIdentifier of the server; null if it is not known
     * @throws Failure.Invalid if it is something else, or of another server
     */
    static ToolReport pgBackRest(JsonStructure report, @Nullable String stanza, @Nullable String systemIdentifier) {
        if (!(report instanceof JsonArray stanzas)) {
            throw Tool.PGBACKREST.notItsReport("it is no array.");
        }
        List<JsonObject> all = objects(Tool.PGBACKREST, stanzas);
        all.stream()
                .filter(each -> UNREAD.equals(text(Tool.PGBACKREST, each, "name")))
                .forEach(ToolReport::refuseFailed);
        JsonObject chosen = chosen(
                Tool.PGBACKREST,
                stanza,
                all.stream().map(each -> text(Tool.PGBACKREST, each, "name")).toList(),
                name -> all.stream()
                        .filter(each -> text(Tool.PGBACKREST, each, "name").equals(name))
                        .findFirst());
        refuseFailed(chosen);
        List<JsonObject> servers = objects(Tool.PGBACKREST, array(Tool.PGBACKREST, chosen, "db"));
        List<Integer> ours = servers.stream()
                .filter(server -> systemIdentifier == null
                        || systemIdentifier.equals(number(Tool.PGBACKREST, server, "system-id")
                                .bigIntegerValue()
                                .toString()))
                .map(server -> number(Tool.PGBACKREST, server, "id").intValue())
                .toList();
        if (ours.isEmpty()) {
            throw new Failure.Invalid(
                    "name",
                    "The stanza is of another server: none of its clusters has the system identifier "
                            + systemIdentifier + ".");
        }
        List<AdoptedBackup> backups = new ArrayList<>();
        for (JsonObject each : objects(Tool.PGBACKREST, array(Tool.PGBACKREST, chosen, "backup"))) {
            int server = number(Tool.PGBACKREST, object(Tool.PGBACKREST, each, "database"), "id")
                    .intValue();
            if (ours.contains(server)) {
                backups.add(pgBackRest(each));
            }
        }
        return checked(text(Tool.PGBACKREST, chosen, "name"), backups);
    }

    /** Of a repository that it could not read it lists nothing, and goes on: that is no list of all that there is. */
    private static void refuseFailed(JsonObject stanza) {
        if (!(stanza.get("repo") instanceof JsonArray repositories)) {
            return;
        }
        for (JsonObject each : objects(Tool.PGBACKREST, repositories)) {
            if (each.get("status") instanceof JsonObject status
                    && status.get("code") instanceof JsonNumber code
                    && code.intValue() == FAILED) {
                throw new Failure.Invalid("pgBackRest itself failed at its repository "
                        + (each.get("key") instanceof JsonNumber key ? key + ": " : "")
                        + clip(status.getString("message", "it does not say why"))
                        + " The last list stands. To have the list of another repository alone, send what it prints with"
                        + " --repo.");
            }
        }
    }

    private static AdoptedBackup pgBackRest(JsonObject backup) {
        Tool tool = Tool.PGBACKREST;
        JsonObject time = object(tool, backup, "timestamp");
        JsonObject info = object(tool, backup, "info");
        JsonObject stored =
                info.containsKey("repository") ? object(tool, info, "repository") : JsonValue.EMPTY_JSON_OBJECT;
        return new AdoptedBackup(
                text(tool, backup, "label"),
                switch (text(tool, backup, "type")) {
                    case "full" -> AdoptedBackup.Kind.FULL;
                    case "diff" -> AdoptedBackup.Kind.DIFFERENTIAL;
                    case "incr" -> AdoptedBackup.Kind.INCREMENTAL;
                    default -> throw tool.notItsReport("a backup's type is none of full, diff and incr.");
                },
                backup.get("prior") instanceof JsonString prior ? prior.getString() : null,
                backup.getBoolean("error", false),
                Instant.ofEpochSecond(seconds(tool, number(tool, time, "start").longValue())),
                Instant.ofEpochSecond(seconds(tool, number(tool, time, "stop").longValue())),
                number(tool, info, "size").longValue(),
                // Repositories on block-incremental files do not say what one backup adds
                stored.get("delta") instanceof JsonNumber delta ? delta.longValue() : null);
    }

    /**
     * Reads what {@code barman -f json list-backup <server>} prints; seen at 3.4.
     *
     * @param server null if there is one only
     * @throws Failure.Invalid if it is something else
     */
    static ToolReport barman(JsonStructure report, @Nullable String server) {
        Tool tool = Tool.BARMAN;
        if (!(report instanceof JsonObject servers)) {
            throw tool.notItsReport("it is no object.");
        }
        List<String> names =
                servers.keySet().stream().filter(name -> !name.startsWith("_")).toList();
        // Asked for all of its servers it lists the others, too, when one is not configured as it should be. What it
        // says of
        // the one that is meant keeps its list from being taken for all that there is
        if (servers.get("_ERROR") instanceof JsonArray errors
                && (server == null || !names.contains(server) || names(errors.toString(), server))) {
            throw tool.notItsReport("Barman itself failed: " + clip(errors.toString()));
        }
        JsonArray listed = chosen(tool, server, names, name -> Optional.of(array(tool, servers, name)));
        List<AdoptedBackup> backups = new ArrayList<>();
        for (JsonObject each : objects(tool, listed)) {
            backups.add(barman(each));
        }
        return checked(server == null ? names.get(0) : server, backups);
    }

    private static boolean names(String text, String server) {
        return Pattern.compile("(?<![\\w-])" + Pattern.quote(server) + "(?![\\w-])")
                .matcher(text)
                .find();
    }

    private static AdoptedBackup barman(JsonObject backup) {
        Tool tool = Tool.BARMAN;
        return new AdoptedBackup(
                text(tool, backup, "backup_id"),
                backup.getString("backup_type", "full").equals("incremental")
                        ? AdoptedBackup.Kind.INCREMENTAL
                        : AdoptedBackup.Kind.FULL,
                null,
                !List.of("DONE", "WAITING_FOR_WALS").contains(text(tool, backup, "status")),
                null,
                backup.get("end_time_timestamp") instanceof JsonString end ? ofText(end.getString()) : null,
                null,
                backup.get("size_bytes") instanceof JsonNumber size ? size.longValue() : null);
    }

    private static Instant ofText(String seconds) {
        try {
            return Instant.ofEpochSecond(seconds(Tool.BARMAN, Long.parseLong(seconds)));
        } catch (NumberFormatException e) {
            throw Tool.BARMAN.notItsReport("end_time_timestamp is no number of seconds.");
        }
    }

    /** The part that is named; the only one if none is named. */
    private static <T> T chosen(
            Tool tool, @Nullable String asked, List<String> names, Function<String, Optional<T>> search) {
        if (asked == null && names.size() != 1) {
            throw new Failure.Invalid(
                    "name",
                    names.isEmpty()
                            ? "The report names no " + tool.part + "."
                            : "Say which " + tool.part + " this server is: " + shown(names) + ".");
        }
        String name = asked == null ? names.get(0) : asked;
        return Optional.of(name)
                .filter(names::contains)
                .flatMap(search)
                .orElseThrow(() -> new Failure.Invalid(
                        "name",
                        "The report has no " + tool.part + " of this name; it has "
                                + (names.isEmpty() ? "none" : shown(names)) + "."));
    }

    private static String shown(List<String> names) {
        return names.stream().limit(10).map(ToolReport::clip).collect(Collectors.joining(", "))
                + (names.size() > 10 ? " and others" : "");
    }

    private static ToolReport checked(String name, List<AdoptedBackup> backups) {
        if (backups.size() > MOST_BACKUPS) {
            throw new Failure.Invalid(
                    "The report has " + backups.size() + " backups; at most " + MOST_BACKUPS + " are taken.");
        }
        long labels = backups.stream().map(AdoptedBackup::label).distinct().count();
        if (labels < backups.size()) {
            throw new Failure.Invalid("The report names a backup twice.");
        }
        return new ToolReport(name, backups);
    }

    private static List<JsonObject> objects(Tool tool, JsonArray array) {
        List<JsonObject> all = new ArrayList<>();
        for (JsonValue each : array) {
            if (!(each instanceof JsonObject object)) {
                throw tool.notItsReport("an array holds something else than objects.");
            }
            all.add(object);
        }
        return all;
    }

    private static JsonObject object(Tool tool, JsonObject of, String field) {
        if (of.get(field) instanceof JsonObject found) {
            return found;
        }
        throw tool.notItsReport("there is no object \"" + field + "\".");
    }

    private static JsonArray array(Tool tool, JsonObject of, String field) {
        if (of.get(field) instanceof JsonArray found) {
            return found;
        }
        throw tool.notItsReport("there is no array \"" + clip(field) + "\".");
    }

    private static JsonNumber number(Tool tool, JsonObject of, String field) {
        if (of.get(field) instanceof JsonNumber found) {
            return found;
        }
        throw tool.notItsReport("there is no number \"" + field + "\".");
    }

    private static long seconds(Tool tool, long seconds) {
        if (seconds < 0 || seconds > Instant.parse("9999-12-31T00:00:00Z").getEpochSecond()) {
            throw tool.notItsReport("a time is none.");
        }
        return seconds;
    }

    private static String text(Tool tool, JsonObject of, String field) {
        if (of.get(field) instanceof JsonString found
                && !found.getString().isEmpty()
                && found.getString().length() <= LONGEST
                && found.getString().indexOf('\0') < 0) {
            return found.getString();
        }
        throw tool.notItsReport("there is no text \"" + field + "\" of 1 to " + LONGEST + " characters.");
    }

    private static String clip(String text) {
        return text.length() <= LONGEST ? text : text.substring(0, LONGEST) + "…";
    }
}
