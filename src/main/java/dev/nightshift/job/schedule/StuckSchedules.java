package dev.nightshift.job.schedule;

import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.job.SelfCheck;
import dev.nightshift.job.SelfChecks;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Optional;

/**
 * A schedule that is not paused and whose next fire lies more than two of its intervals back, and two minutes at least: nobody fires it, whatever
 * the reason. Elsewhere such triggers stood still for ten months unseen (quartz issue 1516).
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

    private Optional<FindingReport> judge(Connection connection, SelfChecks.Suspect suspect) throws SQLException {
        try (var query = connection.prepareStatement("""
                select name, job, cron, zone, next_fire, now() from job.schedule
                 where id = ? and enabled and deleted_at is null and next_fire < now()
                """)) {
            query.setObject(1, suspect.id());
            try (var rows = query.executeQuery()) {
                if (!rows.next()) {
                    return Optional.empty();
                }
                String name = rows.getString("name");
                Instant due = rows.getTimestamp("next_fire").toInstant();
                Instant now = rows.getTimestamp("now").toInstant();
                var cron = new Cron(rows.getString("cron"), ZoneId.of(rows.getString("zone")));
                if (Duration.between(due, now).compareTo(patience(cron, due)) <= 0) {
                    return Optional.empty();
                }
                return Optional.of(new FindingReport(
                        KIND + ":" + suspect.id(),
                        new Subject(
                                Subject.Kind.PROJECT,
                                suspect.project().value(),
                                fleet.project(suspect.project()).name().value()),
                        Severity.CRITICAL,
                        "Schedule " + name + " does not fire",
                        "It was due at " + due + ", more than two of its intervals ago, and no node has fired its "
                                + rows.getString("job") + ".",
                        "See whether every node drains, and the server's log; saving the schedule anew sets its next time.",
                        Json.createObjectBuilder()
                                .add("schedule", name)
                                .add("due", due.toString())
                                .build(),
                        null));
            }
        }
    }
}
