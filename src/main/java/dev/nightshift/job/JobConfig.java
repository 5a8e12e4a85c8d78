package dev.nightshift.job;

import java.util.Optional;
import java.util.function.Function;

/**
 * How runs share this node; docs/reference/configuration.md lists the settings. Environment variables have the same names
 * in upper case with underscores: {@code NIGHTSHIFT_RUN_LOSSES}.
 *
 * @param nodeName {@code nightshift.node.name}; empty for the host's name
 * @param parallelRuns {@code nightshift.node.parallel.runs}: runs that this node works on at once; 8
 * @param parallelTargets {@code nightshift.run.parallel.targets}: targets of one run that are worked on at once; 4
 * @param losses {@code nightshift.run.losses}: how often a run may lose its node before it stays lost; 3, and 1 for a run
 *     that is never started again by itself
 */
record JobConfig(Optional<String> nodeName, int parallelRuns, int parallelTargets, int losses) {
    /** @throws IllegalArgumentException if a value cannot be used; the message names the setting */
    static JobConfig of(Function<String, Optional<String>> setting) {
        return new JobConfig(
                setting.apply("nightshift.node.name").map(String::strip).filter(name -> !name.isEmpty()),
                count(setting, "nightshift.node.parallel.runs", "8"),
                count(setting, "nightshift.run.parallel.targets", "4"),
                count(setting, "nightshift.run.losses", "3"));
    }

    private static int count(Function<String, Optional<String>> setting, String name, String usual) {
        String text = setting.apply(name).orElse(usual).strip();
        try {
            int value = Integer.parseInt(text);
            if (value >= 1 && value <= 1000) {
                return value;
            }
        } catch (NumberFormatException e) {
            throw new IllegalArgumentException(name + " is not a whole number from 1 to 1000: " + text, e);
        }
        throw new IllegalArgumentException(name + " is not a whole number from 1 to 1000: " + text);
    }
}
