package dev.nightshift.cli;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Commands about one kind of thing. */
abstract class Group {
    /** The most items that the API puts on a page. */
    private static final int PAGE = 500;

    final Shell shell;

    Group(Shell shell) {
        this.shell = shell;
    }

    Server server(Common common) {
        return new Server(Settings.of(shell, SettingsFile.of(shell), common.project));
    }

    Table table() {
        return new Table(shell.colours());
    }

    /** The rows, or a sentence where there are none: the sentence is no data. */
    void print(Table table, String none) {
        if (table.isEmpty()) {
            shell.say(none);
        } else {
            table.lines().forEach(shell::print);
        }
    }

    void print(JsonValue json) {
        shell.print(Words.json(json));
    }

    /** The first items of a list that has pages, as one page. */
    static JsonObject list(Server server, String path, Map<String, @Nullable String> filter, int limit) {
        if (limit < 1) {
            throw new Trouble(ExitCode.WRONG_USAGE, "--limit: from 1 on.", null);
        }
        JsonArrayBuilder items = Json.createArrayBuilder();
        Map<String, @Nullable String> asked = new LinkedHashMap<>(filter);
        int left = limit;
        while (true) {
            asked.put("limit", Integer.toString(Math.min(left, PAGE)));
            JsonObject page = server.get(Server.query(path, asked)).object();
            page.getJsonArray("items").forEach(items::add);
            left -= page.getJsonArray("items").size();
            String next = page.getString("next", null);
            if (next == null || left <= 0) {
                return Json.createObjectBuilder(page).add("items", items).build();
            }
            asked.put("after", next);
        }
    }

    /**
     * The whole id of which a person gave the beginning or the end. Ids begin with the time they were made at: the end tells
     * those apart that were made in the same minute.
     */
    static String whole(Server server, String path, String given, String noun) {
        if (isWhole(given)) {
            return given;
        }
        if (!given.matches("[0-9a-fA-F-]{4,36}")) {
            throw new Trouble(
                    ExitCode.NOT_FOUND,
                    "\"" + given + "\" is no id of a " + noun + ".",
                    "Give it whole, or 4 characters or more of its beginning or end.");
        }
        String part = given.toLowerCase(java.util.Locale.ROOT);
        List<String> found = new Facts(list(server, path, Map.of(), PAGE))
                .list("items").stream()
                        .map(item -> item.textOr("id", ""))
                        .filter(id -> id.startsWith(part) || id.endsWith(part))
                        .toList();
        if (found.isEmpty()) {
            throw new Trouble(
                    ExitCode.NOT_FOUND,
                    "None of the newest " + PAGE + " " + noun + "s has an id that begins or ends with " + given + ".",
                    "An older one is found by its whole id.");
        }
        if (found.size() > 1) {
            throw new Trouble(
                    ExitCode.WRONG_USAGE,
                    found.size() + " " + noun + "s have an id that begins or ends with " + given + ".",
                    "Give more of it.");
        }
        return found.get(0);
    }

    private static boolean isWhole(String id) {
        try {
            return UUID.fromString(id).toString().equalsIgnoreCase(id);
        } catch (IllegalArgumentException e) {
            return false;
        }
    }

    /** What a person said of a thing, one fact a line. */
    final class Card {
        private final Table table = table().column("").column("");

        Card fact(String name, String value) {
            if (!value.isEmpty()) {
                table.row("  " + name, value);
            }
            return this;
        }

        void print(String title) {
            shell.print(title);
            table.lines().stream().skip(1).forEach(line -> shell.print(line));
        }
    }
}
