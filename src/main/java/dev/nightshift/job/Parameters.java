package dev.nightshift.job;

import dev.nightshift.kernel.Failure;
import jakarta.json.Json;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.util.Optional;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** A run's parameters, checked against what the job declares. */
public final class Parameters {
    private final JsonObject values;

    private Parameters(JsonObject values) {
        this.values = values;
    }

    /** Values that were checked when the run was asked for. */
    public static Parameters stored(JsonObject values) {
        return new Parameters(values);
    }

    /**
     * Checks a caller's values and fills in the defaults.
     *
     * @throws Failure.Invalid naming {@code parameters.<name>} and the rule
     */
    public static Parameters check(JobDefinition job, JsonObject given) {
        var unknown = new TreeSet<>(given.keySet());
        var checked = Json.createObjectBuilder();
        for (Parameter parameter :
                Stream.concat(job.parameters().stream(), job.own().stream()).toList()) {
            unknown.remove(parameter.name());
            JsonValue value = given.getOrDefault(parameter.name(), JsonValue.NULL);
            if (value.getValueType() == JsonValue.ValueType.NULL) {
                fillIn(checked, parameter);
            } else {
                checked.add(parameter.name(), checked(parameter, value));
            }
        }
        if (!unknown.isEmpty()) {
            String known = job.parameters().stream().map(Parameter::name).collect(Collectors.joining(", "));
            throw new Failure.Invalid(
                    "parameters." + unknown.first(),
                    "The job " + job.name() + " has no parameter of this name; it takes "
                            + (known.isEmpty() ? "none." : known + "."));
        }
        return new Parameters(checked.build());
    }

    private static void fillIn(jakarta.json.JsonObjectBuilder checked, Parameter parameter) {
        String value = parameter.defaultValue();
        if (value == null) {
            if (parameter.required()) {
                throw invalid(parameter, "is needed: " + parameter.help());
            }
            return;
        }
        switch (parameter.type()) {
            case INTEGER -> checked.add(parameter.name(), Long.parseLong(value));
            case BOOLEAN -> checked.add(parameter.name(), Boolean.parseBoolean(value));
            case TEXT, CHOICE -> checked.add(parameter.name(), value);
        }
    }

    private static JsonValue checked(Parameter parameter, JsonValue value) {
        return switch (parameter.type()) {
            case INTEGER -> integer(parameter, value);
            case BOOLEAN -> {
                if (value.getValueType() != JsonValue.ValueType.TRUE
                        && value.getValueType() != JsonValue.ValueType.FALSE) {
                    throw invalid(parameter, "is true or false.");
                }
                yield value;
            }
            case TEXT -> {
                Long max = parameter.max();
                if (!(value instanceof JsonString text)
                        || (max != null && text.getString().length() > max)) {
                    throw invalid(parameter, "is a text" + (max == null ? "." : " of at most " + max + " characters."));
                }
                yield value;
            }
            case CHOICE -> {
                var choices = parameter.choices();
                if (!(value instanceof JsonString text) || choices == null || !choices.contains(text.getString())) {
                    throw invalid(parameter, "is one of " + choices + ".");
                }
                yield value;
            }
        };
    }

    private static JsonValue integer(Parameter parameter, JsonValue value) {
        Long min = parameter.min();
        Long max = parameter.max();
        if (value instanceof JsonNumber number && number.isIntegral()) {
            try {
                long n = number.longValueExact();
                if ((min == null || n >= min) && (max == null || n <= max)) {
                    return value;
                }
            } catch (ArithmeticException e) {
                throw invalid(parameter, "is a whole number from " + min + " to " + max + ".");
            }
        }
        throw invalid(parameter, "is a whole number from " + min + " to " + max + ".");
    }

    private static Failure.Invalid invalid(Parameter parameter, String rule) {
        return new Failure.Invalid("parameters." + parameter.name(), parameter.label() + " " + rule);
    }

    public long longOr(String name, long otherwise) {
        return values.get(name) instanceof JsonNumber number ? number.longValueExact() : otherwise;
    }

    public boolean flag(String name) {
        return values.getBoolean(name, false);
    }

    public Optional<String> text(String name) {
        return values.get(name) instanceof JsonString text && !text.getString().isEmpty()
                ? Optional.of(text.getString())
                : Optional.empty();
    }

    public JsonObject asJson() {
        return values;
    }
}
