package dev.nightshift.audit;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.util.Collection;
import java.util.Map;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** What an entry tells beyond its action, as JSON; values whose key says that they are secret are not told. */
final class Details {
    private static final Pattern SECRET = Pattern.compile(
            "password|passphrase|secret|token|credential|(^|_|api|master|private)key$|authorization",
            Pattern.CASE_INSENSITIVE);

    /** Longer texts are cut: an entry tells what happened and is no store of what was sent. */
    private static final int LONGEST = 2000;

    private Details() {}

    /** A copy without secrets. A flag or a number is no secret, whatever its key: {@code "newPassword": true}. */
    static JsonObject masked(Map<String, ?> details) {
        JsonObjectBuilder json = Json.createObjectBuilder();
        details.forEach((key, value) -> {
            boolean secret = SECRET.matcher(key).find()
                    && value != null
                    && !(value instanceof Boolean)
                    && !(value instanceof Number);
            json.add(key, secret ? Json.createValue("•••") : json(value));
        });
        return json.build();
    }

    private static JsonValue json(@Nullable Object value) {
        if (value == null) {
            return JsonValue.NULL;
        }
        if (value instanceof JsonValue json) {
            return json instanceof JsonObject object ? masked(object) : json;
        }
        if (value instanceof Boolean flag) {
            return flag ? JsonValue.TRUE : JsonValue.FALSE;
        }
        if (value instanceof Integer || value instanceof Long || value instanceof Short) {
            return Json.createValue(((Number) value).longValue());
        }
        if (value instanceof Number number) {
            return Json.createValue(number.doubleValue());
        }
        if (value instanceof Map<?, ?> map) {
            JsonObjectBuilder copy = Json.createObjectBuilder();
            map.forEach((key, inner) -> masked(java.util.Collections.singletonMap(String.valueOf(key), inner))
                    .forEach(copy::add));
            return copy.build();
        }
        if (value instanceof Collection<?> items) {
            JsonArrayBuilder copy = Json.createArrayBuilder();
            items.forEach(item -> copy.add(json(item)));
            return copy.build();
        }
        String text = value.toString();
        return Json.createValue(text.length() > LONGEST ? text.substring(0, LONGEST) + "…" : text);
    }
}
