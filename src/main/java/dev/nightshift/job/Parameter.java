package dev.nightshift.job;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * One parameter that a job declares; REST, console and schedules check by it and draw their forms from it.
 *
 * @param min smallest INTEGER, null for none
 * @param max largest INTEGER or longest TEXT, null for none
 * @param choices the values of a CHOICE, else null
 * @param defaultValue as text; null where there is none
 */
public record Parameter(
        String name,
        Type type,
        String label,
        String help,
        @Nullable String defaultValue,
        @Nullable Long min,
        @Nullable Long max,
        @Nullable List<String> choices,
        boolean required) {

    /** How a value is written in JSON: a number, a boolean, a string, one of the choices. */
    public enum Type {
        INTEGER,
        BOOLEAN,
        TEXT,
        CHOICE
    }

    public static Parameter integer(
            String name, String label, String help, @Nullable Long defaultValue, long min, long max) {
        return new Parameter(
                name,
                Type.INTEGER,
                label,
                help,
                defaultValue == null ? null : Long.toString(defaultValue),
                min,
                max,
                null,
                false);
    }

    public static Parameter flag(String name, String label, String help, boolean defaultValue) {
        return new Parameter(name, Type.BOOLEAN, label, help, Boolean.toString(defaultValue), null, null, null, false);
    }

    public static Parameter text(String name, String label, String help, boolean required) {
        return new Parameter(name, Type.TEXT, label, help, null, null, 1000L, null, required);
    }

    public static Parameter choice(String name, String label, String help, String defaultValue, String... choices) {
        return new Parameter(name, Type.CHOICE, label, help, defaultValue, null, null, List.of(choices), false);
    }
}
