package dev.nightshift.runtime;

import jakarta.json.Json;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import jakarta.json.bind.Jsonb;
import jakarta.json.bind.JsonbBuilder;
import jakarta.json.bind.JsonbConfig;
import jakarta.json.bind.adapter.JsonbAdapter;
import jakarta.ws.rs.ext.ContextResolver;
import jakarta.ws.rs.ext.Provider;
import java.math.BigDecimal;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import org.jspecify.annotations.Nullable;

/**
 * How REST reads and writes JSON: absent values as null, times in ISO 8601 UTC with milliseconds; and a number that does not fit
 * its field is refused, where JSON-B by itself takes 64.5 as 64 and 4294967297 as 1.
 */
@Provider
public class JsonText implements ContextResolver<Jsonb> {
    private static final int MOST_DIGITS = 40;

    private final Jsonb jsonb = JsonbBuilder.create(
            new JsonbConfig().withNullValues(true).withAdapters(new Times(), new Ints(), new Longs()));

    @Override
    public Jsonb getContext(Class<?> type) {
        return jsonb;
    }

    /** {@code 2026-11-21T02:15:04.123Z}: always three digits, so that texts sort as times do. */
    public static class Times implements JsonbAdapter<Instant, String> {
        private static final DateTimeFormatter MILLIS =
                DateTimeFormatter.ofPattern("uuuu-MM-dd'T'HH:mm:ss.SSS'Z'").withZone(ZoneOffset.UTC);

        @Override
        public @Nullable String adaptToJson(@Nullable Instant time) {
            return time == null ? null : MILLIS.format(time);
        }

        @Override
        public @Nullable Instant adaptFromJson(@Nullable String text) {
            return text == null ? null : Instant.parse(text);
        }
    }

    /** Adapters are asked about null as well. */
    public static class Ints implements JsonbAdapter<Integer, JsonValue> {
        @Override
        public JsonValue adaptToJson(@Nullable Integer number) {
            return number == null ? JsonValue.NULL : Json.createValue(number);
        }

        @Override
        public @Nullable Integer adaptFromJson(@Nullable JsonValue value) {
            BigDecimal number = number(value);
            return number == null ? null : number.intValueExact();
        }
    }

    /** As {@link Ints}. */
    public static class Longs implements JsonbAdapter<Long, JsonValue> {
        @Override
        public JsonValue adaptToJson(@Nullable Long number) {
            return number == null ? JsonValue.NULL : Json.createValue(number);
        }

        @Override
        public @Nullable Long adaptFromJson(@Nullable JsonValue value) {
            BigDecimal number = number(value);
            return number == null ? null : number.longValueExact();
        }
    }

    /**
     * A number, or a text that is one, with all its digits: none is dropped unseen.
     *
     * @throws ArithmeticException if it is longer than any that fits
     * @throws NumberFormatException if it is none
     */
    private static @Nullable BigDecimal number(@Nullable JsonValue value) {
        if (value == null || value == JsonValue.NULL) {
            return null;
        }
        String text = value instanceof JsonString string ? string.getString() : value.toString();
        if (text.length() > MOST_DIGITS) {
            // To read a million digits takes Java a quarter of a minute
            throw new ArithmeticException(text.length() + " characters");
        }
        return new BigDecimal(text);
    }
}
