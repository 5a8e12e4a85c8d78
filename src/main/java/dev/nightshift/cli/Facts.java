package dev.nightshift.cli;

import jakarta.json.JsonArray;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.time.format.DateTimeParseException;
import java.util.List;
import java.util.Optional;

/** An object of the API's, read by whoever must live with an older or a newer server: what is missing is absent. */
record Facts(JsonObject json) {
    /** A text, a number or a boolean as text; empty for null and for what is not there. */
    Optional<String> text(String name) {
        return json.containsKey(name) ? text(json.get(name)) : Optional.empty();
    }

    /** The same, for a column or a sentence. */
    String textOr(String name, String otherwise) {
        return text(name).orElse(otherwise);
    }

    Optional<Long> number(String name) {
        return json.get(name) instanceof JsonNumber number ? Optional.of(number.longValue()) : Optional.empty();
    }

    Optional<Double> share(String name) {
        return json.get(name) instanceof JsonNumber number ? Optional.of(number.doubleValue()) : Optional.empty();
    }

    boolean is(String name) {
        return JsonValue.TRUE.equals(json.get(name));
    }

    Optional<Instant> time(String name) {
        return text(name).flatMap(Facts::instant);
    }

    Optional<Facts> object(String name) {
        return json.get(name) instanceof JsonObject object ? Optional.of(new Facts(object)) : Optional.empty();
    }

    /** The objects of a list. */
    List<Facts> list(String name) {
        return json.get(name) instanceof JsonArray array ? of(array) : List.of();
    }

    /** The texts of a list. */
    List<String> texts(String name) {
        return json.get(name) instanceof JsonArray array
                ? array.stream().flatMap(value -> text(value).stream()).toList()
                : List.of();
    }

    static List<Facts> of(JsonArray array) {
        return array.stream()
                .filter(JsonObject.class::isInstance)
                .map(value -> new Facts(value.asJsonObject()))
                .toList();
    }

    static Optional<String> text(JsonValue value) {
        return switch (value.getValueType()) {
            case STRING -> Optional.of(Words.plain(((JsonString) value).getString()));
            case NUMBER, TRUE, FALSE -> Optional.of(value.toString());
            default -> Optional.empty();
        };
    }

    private static Optional<Instant> instant(String text) {
        try {
            return Optional.of(Instant.parse(text));
        } catch (DateTimeParseException e) {
            return Optional.empty();
        }
    }
}
