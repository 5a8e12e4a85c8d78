package dev.nightshift.backup;

import dev.nightshift.backup.read.RecoveryTarget;
import dev.nightshift.kernel.Failure;
import jakarta.json.JsonNumber;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * A point as a request names it: {@code {"time": "…"}}, or one of lsn, xid, name, latest.
 *
 * @param kind which of them
 * @param text what it says of it; empty for the latest
 */
record NamedPoint(String kind, String text) {
    /** What a request hears that names none, or more than one. */
    static final String ONE = "Name one point to restore to: time, lsn, xid, name, or latest.";

    private static final String LATEST = "latest";
    private static final List<String> KINDS = List.of("time", "lsn", "xid", "name", LATEST);

    /**
     * Reads the body of a plan.
     *
     * @param field of the request that it stands in
     * @throws Failure.Invalid naming the field that breaks a rule
     */
    static NamedPoint of(RestorePlanResource.To to, String field) {
        if (Boolean.FALSE.equals(to.latest())) {
            throw new Failure.Invalid(field + "." + LATEST, ONE);
        }
        Map<String, String> given = new LinkedHashMap<>();
        put(given, "time", to.time());
        put(given, "lsn", to.lsn());
        put(given, "xid", to.xid());
        put(given, "name", to.name());
        put(given, LATEST, to.latest() == null ? null : "");
        return one(given, field);
    }

    private static void put(Map<String, String> given, String kind, @Nullable String text) {
        if (text != null) {
            given.put(kind, text);
        }
    }

    /** The same of what a run's parameters say: nothing has looked at that yet, and a word that is not known is refused. */
    static NamedPoint of(JsonObject to, String field) {
        Map<String, String> given = new LinkedHashMap<>();
        to.forEach((kind, value) -> text(kind, value, field + "." + kind).ifPresent(text -> given.put(kind, text)));
        return one(given, field);
    }

    private static Optional<String> text(String kind, JsonValue value, String field) {
        if (!KINDS.contains(kind)) {
            throw new Failure.Invalid(field, ONE);
        }
        if (value.getValueType() == JsonValue.ValueType.NULL) {
            return Optional.empty();
        }
        if (kind.equals(LATEST)) {
            if (value.getValueType() != JsonValue.ValueType.TRUE) {
                throw new Failure.Invalid(field, ONE);
            }
            return Optional.of("");
        }
        if (value instanceof JsonString text) {
            return Optional.of(text.getString());
        }
        if (kind.equals("xid") && value instanceof JsonNumber number && number.isIntegral()) {
            return Optional.of(number.toString());
        }
        throw new Failure.Invalid(field, "It is given as a text.");
    }

    private static NamedPoint one(Map<String, String> given, String field) {
        if (given.size() != 1) {
            throw new Failure.Invalid(field, ONE);
        }
        Map.Entry<String, String> only = given.entrySet().iterator().next();
        return new NamedPoint(only.getKey(), only.getValue());
    }

    /**
     * What a recovery goes by.
     *
     * @param field of the request that the point stands in
     * @param timeline whose history to follow; null for the newest that can be reached
     * @param timelineField of the request
     * @throws Failure.Invalid naming the field that breaks a rule; a time that is still to come breaks one
     */
    RecoveryTarget target(String field, @Nullable Integer timeline, String timelineField, Instant now) {
        String own = field + "." + kind;
        RecoveryTarget target =
                RecoveryTarget.parse(kind, text, timeline, new RecoveryTarget.Fields(own, own, timelineField));
        PointParameters.requirePast(target, now, own);
        return target;
    }
}
