package dev.nightshift.cli;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** A run in words, from the API's answer alone. */
final class RunText {
    private static final int BAR = 24;

    /** Up to so many targets each step is told; beyond, each target's end. */
    private static final int FEW = 5;

    private RunText() {}

    /** What the run works on: {@code shop}, {@code shop, crm and 7 more}, or nothing where the project is its target. */
    static String databases(Facts run) {
        List<String> names = run.object("summary")
                .map(summary -> summary.texts("databases"))
                .orElseGet(() -> run.list("targets").stream()
                        .flatMap(target -> target.texts("databases").stream())
                        .toList());
        long all = run.object("summary")
                .flatMap(summary -> summary.number("databaseCount"))
                .orElse((long) names.size());
        List<String> first = names.size() > FEW ? names.subList(0, FEW) : names;
        String text = String.join(", ", first);
        return all > first.size() ? text + " and " + (all - first.size()) + " more" : text;
    }

    /** Who or what started it. */
    static String trigger(Facts run) {
        return run.text("schedule")
                .map(schedule -> "schedule " + schedule)
                .orElseGet(
                        () -> run.textOr("trigger", "").toLowerCase(Locale.ROOT) + " " + run.textOr("triggeredBy", ""))
                .strip();
    }

    /** How long it took, or has taken so far; empty before its start. */
    static String took(Facts run, Instant now) {
        return run.number("durationMillis")
                .map(Words::duration)
                .or(() -> run.time("startedAt")
                        .map(start -> Words.clock(Duration.between(start, now).toMillis())))
                .orElse("");
    }

    /** The line that a waiting command ends with. */
    static String end(Facts run, boolean colours) {
        State state = State.of(run.textOr("status", ""));
        String databases = databases(run);
        return state.painted(colours) + "  " + run.textOr("job", "") + (databases.isEmpty() ? "" : " of " + databases)
                + run.number("durationMillis")
                        .map(millis -> "  " + Words.duration(millis))
                        .orElse("")
                + "  " + run.textOr("id", "");
    }

    /** What went wrong, target by target, each with its remedy. */
    static List<String> complaints(Facts run) {
        List<String> lines = new ArrayList<>();
        run.text("reason").ifPresent(lines::add);
        for (Facts target : run.list("targets")) {
            target.text("reason")
                    .ifPresent(reason -> lines.add(name(target) + ": " + reason
                            + target.text("remedy").map(remedy -> " " + remedy).orElse("")));
        }
        return lines;
    }

    /** What a target is called. */
    static String name(Facts target) {
        return target.text("database")
                .or(() -> target.text("instance"))
                .orElse(target.texts("databases").isEmpty() ? "project" : String.join(", ", target.texts("databases")));
    }

    /** How far the run is, in one line of a terminal. */
    static String bar(Facts run, Instant now) {
        State state = State.of(run.textOr("status", ""));
        StringBuilder line = new StringBuilder(state.text()).append("  ");
        run.share("progress").ifPresent(share -> {
            int full = (int) Math.round(Math.max(0, Math.min(1, share)) * BAR);
            line.append("█".repeat(full))
                    .append("░".repeat(BAR - full))
                    .append(String.format(Locale.ROOT, " %3d %%  ", (int) Math.floor(share * 100)));
        });
        line.append(took(run, now));
        long ended = run.list("targets").stream().filter(RunText::isOver).count();
        if (run.list("targets").size() > 1) {
            line.append("  ")
                    .append(ended)
                    .append(" of ")
                    .append(run.list("targets").size())
                    .append(" targets");
        }
        run.list("targets").stream()
                .filter(target -> target.textOr("status", "").equals("STARTED"))
                .findFirst()
                .ifPresent(target -> line.append("  ").append(current(target)));
        run.text("reason").ifPresent(reason -> line.append("  ").append(reason));
        return line.toString().stripTrailing();
    }

    private static String current(Facts target) {
        String step = target.list("steps").stream()
                .filter(each -> each.textOr("status", "").equals("STARTED"))
                .findFirst()
                .map(each -> each.textOr("name", ""))
                .orElse("");
        return (step + " " + target.object("progress").map(RunText::amount).orElse("")).strip();
    }

    private static String amount(Facts progress) {
        boolean bytes = progress.textOr("unit", "").equals("bytes");
        long done = progress.number("done").orElse(0L);
        String text = bytes ? Words.bytes(done) : Long.toString(done);
        String of = progress.number("total")
                .map(total -> " of " + (bytes ? Words.bytes(total) : total.toString()))
                .orElse("");
        String left = progress.number("etaMillis")
                .map(millis -> ", " + Words.clock(millis) + " left")
                .orElse("");
        return text + of + (bytes ? "" : " " + progress.textOr("unit", "")) + left;
    }

    /** What has changed between two looks, a line each: for logs of scripts. */
    static List<String> news(Facts before, Facts now) {
        List<String> lines = new ArrayList<>();
        Map<String, String> known = states(before);
        states(now).forEach((what, state) -> {
            if (!state.equals(known.getOrDefault(what, "○ waiting"))) {
                lines.add(what + "  " + state);
            }
        });
        return lines;
    }

    /** The states of all that is told of: the run, each target, and with few of them each step. */
    private static Map<String, String> states(Facts run) {
        Map<String, String> states = new java.util.LinkedHashMap<>();
        String reason = run.text("reason").map(text -> ": " + text).orElse("");
        states.put(run.textOr("job", "run"), State.of(run.textOr("status", "")).text() + reason);
        List<Facts> targets = run.list("targets");
        for (Facts target : targets) {
            if (targets.size() <= FEW) {
                target.list("steps")
                        .forEach(step -> states.put(
                                name(target) + " " + step.textOr("name", ""),
                                State.of(step.textOr("status", "")).text()
                                        + step.text("figure")
                                                .map(figure -> "  " + figure)
                                                .orElse("")));
            } else if (isOver(target)) {
                states.put(name(target), State.of(target.textOr("status", "")).text());
            }
        }
        return states;
    }

    private static boolean isOver(Facts target) {
        return !List.of("WAITING", "STARTED").contains(target.textOr("status", ""));
    }

    /** The names of a run's targets by their ids: log lines name them by id. */
    static Map<String, String> names(Facts run) {
        Map<String, String> names = new HashMap<>();
        run.list("targets").forEach(target -> names.put(target.textOr("id", ""), name(target)));
        return names;
    }
}
