package dev.nightshift.cli;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.util.HashMap;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** Prints the log of a run, and goes on with it. */
final class RunLog {
    private static final String PAGE = "500";

    private final Shell shell;
    private final Server server;
    private final String run;
    private final Map<String, String> names = new HashMap<>();
    private String seen = "0";

    /** When the server last answered; 0 before the first time. */
    private long answered;

    /**
     * The log of a run.
     *
     * @param run its path
     */
    RunLog(Shell shell, Server server, String run) {
        this.shell = shell;
        this.server = server;
        this.run = run;
    }

    void print(boolean json, boolean follow) {
        JsonArrayBuilder all = Json.createArrayBuilder();
        while (!isWhole(json && !follow ? all : null, json) && follow) {
            Waiting.pause();
        }
        if (json && !follow) {
            shell.print(Words.json(
                    Json.createObjectBuilder().add("items", all).addNull("next").build()));
        }
    }

    /**
     * Prints what is new; true once the run is over and all of it is there. A server that starts anew is waited for by whoever
     * follows, as by whoever waits for the run's end.
     */
    private boolean isWhole(@Nullable JsonArrayBuilder all, boolean json) {
        try {
            // Asked before the lines: what a run that is over wrote is there
            Facts state = server.get(run).facts();
            names.putAll(RunText.names(state));
            boolean more = true;
            while (more) {
                JsonObject page =
                        server.get(Server.query(run + "/log", asked())).object();
                for (Facts line : new Facts(page).list("items")) {
                    seen = line.textOr("seq", seen);
                    if (all != null) {
                        all.add(line.json());
                    } else {
                        shell.print(json ? Words.json(line.json()) : text(line));
                    }
                }
                more = page.get("next") != null && page.get("next") != JsonValue.NULL;
            }
            answered = System.nanoTime();
            return State.isOver(state.textOr("status", ""));
        } catch (Trouble e) {
            if (answered == 0
                    || e.code() != ExitCode.NOT_REACHABLE
                    || System.nanoTime() - answered > Waiting.PATIENCE.toNanos()) {
                throw e;
            }
            return false;
        }
    }

    private Map<String, @Nullable String> asked() {
        Map<String, @Nullable String> asked = new HashMap<>();
        asked.put("after", seen);
        asked.put("limit", PAGE);
        return asked;
    }

    private String text(Facts line) {
        String target = names.getOrDefault(line.textOr("target", ""), "");
        State weight = State.of(line.textOr("level", "INFO"));
        String words = line.textOr("text", "");
        return line.time("at").map(at -> Words.time(at, shell.zone())).orElse("")
                + (target.isEmpty() ? "" : "  " + target) + "  "
                + (weight.word().equals("info") ? words : weight.paint(weight.text() + ": " + words, shell.colours()));
    }
}
