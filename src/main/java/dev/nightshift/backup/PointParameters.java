package dev.nightshift.backup;

import dev.nightshift.backup.read.RecoveryTarget;
import dev.nightshift.job.Parameter;
import dev.nightshift.job.Parameters;
import dev.nightshift.kernel.Failure;
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
