package dev.nightshift.job.schedule;

import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.job.SelfCheck;
import dev.nightshift.job.SelfChecks;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A schedule that is not paused and whose next fire lies more than two of its intervals back, and two minutes at least: nobody fires it, whatever
 * the reason, also where its row cannot be understood. Elsewhere such triggers stood still for ten months unseen (quartz issue 1516).
 */
@ApplicationScoped
class StuckSchedules implements SelfCheck {
    static final String KIND = "schedule.stuck";
    static final Duration LEAST = Duration.ofMinutes(2);

    @Inject
    private SelfChecks checks;

    @Inject
    private Fleet fleet;

    @Override
    public void check() {
        checks.check(KIND, "job.overdue_schedules", LEAST, this::judge);
    }

    /** How long a schedule may be late that was due at an instant: two of its intervals there. */
    static Duration patience(Cron cron, Instant due) {
        List<Instant> next = cron.next(due, 1);
        Duration two =
                next.isEmpty() ? LEAST : Duration.between(due, next.get(0)).multipliedBy(2);
        return two.compareTo(LEAST) < 0 ? LEAST : two;
    }

    private record Late(String name, String job, String cron, String zone, Instant due, Instant now) {}

    private Optional<FindingReport> judge(Connection connection, SelfChecks.Suspect suspect) throws SQLException {
        Late late = late(connection, suspect.id());
        if (late == null) {
            return Optional.empty();
        }
        Duration patience;
        try {
            patience = patience(new Cron(late.cron(), Cron.zone(late.zone())), late.due());
        } catch (Failure.Invalid | IllegalArgumentException | DateTimeException e) {
            // Written by another version, or by hand: nothing fires it, and nothing else says so
            return Optional.of(report(
                    suspect,
                    late,
                    "cannot be read",
                    "It was due at " + late.due() + ", and the times of its " + late.job()
                            + " cannot be understood: cron \"" + late.cron() + "\" in zone \"" + late.zone() + "\".",
                    "Change the schedule: give its time and zone anew, or delete it."));
        }
        if (Duration.between(late.due(), late.now()).compareTo(patience) <= 0) {
            return Optional.empty();
        }
        return Optional.of(report(
                suspect,
                late,
                "does not fire",
                "It was due at " + late.due() + ", more than two of its intervals ago, and no node has fired its "
                        + late.job() + ".",
                "See whether every node drains, and the server's log; saving the schedule anew sets its next time."));
    }

    private static @Nullable Late late(Connection connection, UUID schedule) throws SQLException {
        try (var query = connection.prepareStatement("""
                select name, job, cron, zone, next_fire, now() from job.schedule
                 where id = ? and enabled and deleted_at is null and next_fire < now()
                """)) {
            query.setObject(1, schedule);
            try (var rows = query.executeQuery()) {
                return rows.next()
                        ? new Late(
                                rows.getString("name"),
                                rows.getString("job"),
                                rows.getString("cron"),
                                rows.getString("zone"),
                                rows.getTimestamp("next_fire").toInstant(),
                                rows.getTimestamp("now").toInstant())
                        : null;
            }
        }
    }

    private FindingReport report(
            SelfChecks.Suspect suspect, Late late, String trouble, String evidence, String remedy) {
        return new FindingReport(
                KIND + ":" + suspect.id(),
                new Subject(
                        Subject.Kind.PROJECT,
                        suspect.project().value(),
                        fleet.project(suspect.project()).name().value()),
                Severity.CRITICAL,
                "Schedule " + late.name() + " " + trouble,
                evidence,
                remedy,
                Json.createObjectBuilder()
                        .add("schedule", late.name())
                        .add("due", late.due().toString())
                        .build(),
                null);
    }
}
