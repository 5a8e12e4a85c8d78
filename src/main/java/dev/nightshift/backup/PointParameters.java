package dev.nightshift.backup;

import dev.nightshift.backup.read.RecoveryTarget;
import dev.nightshift.job.Parameter;
import dev.nightshift.job.Parameters;
import dev.nightshift.kernel.Failure;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.stream.Stream;

/** Where a restore or a drill goes to, as parameters of its run. */
final class PointParameters {
    private static final String TO = "to";
    private static final String POINT = "point";
    private static final String TIMELINE = "timeline";
    private static final String BACKUP = "backup";

    /** The parameter for the store that is read. */
    static final String FROM = "from";

    private static final RecoveryTarget.Fields FIELDS =
            new RecoveryTarget.Fields("parameters." + TO, "parameters." + POINT, "parameters." + TIMELINE);

    private PointParameters() {}

    /** These and the job's own, which come first. */
    static List<Parameter> after(Parameter... own) {
        return after(List.of(own));
    }

    static List<Parameter> after(List<Parameter> own) {
        return Stream.concat(
                        own.stream(),
                        Stream.of(
                                Parameter.choice(
                                        TO,
                                        "To",
                                        "Where recovery ends: with the backup, or at a point of the log that is archived"
                                                + " behind it.",
                                        BACKUP,
                                        BACKUP,
                                        "latest",
                                        "time",
                                        "lsn",
                                        "xid",
                                        "name"),
                                Parameter.text(
                                        POINT,
                                        "Point",
                                        "A time as ISO 8601 with its zone, a position such as 16/B374D848, a transaction's number,"
                                                + " or a restore point's name.",
                                        false),
                                Parameter.integer(
                                        TIMELINE,
                                        "Timeline",
                                        "Whose history to follow; the newest that can be reached if none is given.",
                                        null,
                                        1,
                                        Integer.MAX_VALUE)))
                .toList();
    }

    /**
     * Takes the point as a restore plan does, {@code {"to": {"time": "…"}}}, and says it as the job declares it. So a plan's body
     * will do for the restore, and all that keeps parameters, schedules and runs, knows one form.
     *
     * @throws Failure.Invalid naming the field that breaks a rule, as the caller wrote it
     */
    static JsonObject plain(JsonObject given, Instant now) {
        if (!(given.get(TO) instanceof JsonObject to)) {
            return given;
        }
        if (given.getOrDefault(POINT, JsonValue.NULL).getValueType() != JsonValue.ValueType.NULL) {
            throw new Failure.Invalid(
                    FIELDS.text(),
                    "The point stands in " + FIELDS.kind() + " already: leave this out, or say it all here.");
        }
        NamedPoint point = NamedPoint.of(to, FIELDS.kind());
        point.target(FIELDS.kind(), null, FIELDS.timeline(), now);
        JsonObjectBuilder plain = Json.createObjectBuilder(given).add(TO, point.kind());
        return (point.text().isEmpty() ? plain.remove(POINT) : plain.add(POINT, point.text())).build();
    }

    /**
     * The point that is asked for; empty for the end of the backup itself.
     *
     * @throws Failure.Invalid naming the parameter that breaks a rule
     */
    static Optional<RecoveryTarget> of(Parameters parameters) {
        String to = parameters.text(TO).orElse(BACKUP);
        long timeline = parameters.longOr(TIMELINE, 0);
        String point = parameters.text(POINT).orElse(null);
        if (!to.equals(BACKUP)) {
            return Optional.of(RecoveryTarget.parse(to, point, timeline == 0 ? null : (int) timeline, FIELDS));
        }
        if (point != null || timeline != 0) {
            throw new Failure.Invalid(
                    point != null ? FIELDS.text() : FIELDS.timeline(),
                    "The end of a backup is where it is: choose what to restore to, or leave this out.");
        }
        return Optional.empty();
    }

    /** Likewise; what is still to come is no point. */
    static void check(Parameters parameters, Instant now) {
        of(parameters).ifPresent(target -> requirePast(target, now, FIELDS.text()));
    }

    static void requirePast(RecoveryTarget target, Instant now, String field) {
        if (target.point() instanceof RecoveryTarget.Time time && time.at().isAfter(now)) {
            throw new Failure.Invalid(field, "This time is still to come: it is " + now + " now.");
        }
    }
}
