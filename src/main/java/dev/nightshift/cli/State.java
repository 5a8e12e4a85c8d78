package dev.nightshift.cli;

import java.util.Locale;
import java.util.Map;

/**
 * A state as people see it: a shape and a word, and a colour only for what needs a person.
 *
 * @param shape one character
 */
record State(String shape, String word, Tone tone) {
    /** How much it needs a person. */
    enum Tone {
        PLAIN,
        WARNING,
        BAD
    }

    private static final Map<String, State> KNOWN = Map.ofEntries(
            Map.entry("QUEUED", new State("○", "queued", Tone.PLAIN)),
            Map.entry("WAITING", new State("○", "waiting", Tone.PLAIN)),
            Map.entry("STARTED", new State("◐", "running", Tone.PLAIN)),
            Map.entry("STOPPING", new State("◐", "stopping", Tone.PLAIN)),
            Map.entry("STOPPED", new State("–", "stopped", Tone.PLAIN)),
            Map.entry("COMPLETED", new State("●", "done", Tone.PLAIN)),
            Map.entry("PARTIAL", new State("▲", "partly failed", Tone.WARNING)),
            Map.entry("FAILED", new State("■", "failed", Tone.BAD)),
            Map.entry("LOST", new State("✖", "lost", Tone.BAD)),
            Map.entry("MISSED", new State("–", "missed", Tone.WARNING)),
            Map.entry("SKIPPED", new State("–", "skipped", Tone.PLAIN)),
            Map.entry("OK", new State("●", "fine", Tone.PLAIN)),
            Map.entry("WARNING", new State("▲", "warning", Tone.WARNING)),
            Map.entry("NOT_MEASURED", new State("–", Words.UNKNOWN, Tone.PLAIN)),
            Map.entry("PASSED", new State("●", "passed", Tone.PLAIN)),
            Map.entry("NOT_CHECKED", new State("○", "not checked", Tone.PLAIN)),
            Map.entry("NOT_POSSIBLE", new State("–", "not possible", Tone.PLAIN)),
            Map.entry("INFO", new State(" ", "info", Tone.PLAIN)),
            Map.entry("WARN", new State("▲", "warning", Tone.WARNING)),
            Map.entry("ERROR", new State("■", "error", Tone.BAD)));

    /** Of a run, a target, a step, a check or a log line, by the API's word; one that a newer server knows keeps its word. */
    static State of(String word) {
        State known = KNOWN.get(word);
        return known == null ? new State("–", word.toLowerCase(Locale.ROOT).replace('_', ' '), Tone.PLAIN) : known;
    }

    /** True when a run in this state does nothing more by itself. */
    static boolean isOver(String run) {
        return switch (run) {
            case "STOPPED", "COMPLETED", "PARTIAL", "FAILED", "LOST", "MISSED", "SKIPPED" -> true;
            default -> false;
        };
    }

    String text() {
        return (shape + " " + word).strip();
    }

    /** The same in colour: red and yellow, of the terminal's own palette. */
    String painted(boolean colours) {
        return paint(text(), colours);
    }

    /** A text in this state's colour. */
    String paint(String text, boolean colours) {
        if (!colours || tone == Tone.PLAIN) {
            return text;
        }
        return (tone == Tone.BAD ? "\u001b[31m" : "\u001b[33m") + text + "\u001b[0m";
    }
}
