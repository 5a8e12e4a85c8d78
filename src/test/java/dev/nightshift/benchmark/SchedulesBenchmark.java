package dev.nightshift.benchmark;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.TestProject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.time.ZonedDateTime;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/**
 * How long after its time a schedule is claimed, when many are due in the same second, by several nodes of one repository. A
 * claim is the committed run; what the runs do is capped at one per node, so that the claiming is what is measured.
 *
 * <p>All times are those of the repository's clock. Each run carries the time at which its transaction began; it commits some
 * milliseconds later.
 */
public final class SchedulesBenchmark {
    private static final int NODES = 3;
    private static final int FEW = 100;
    private static final int ROUNDS = 5;
    private static final int MANY = 10_000;

    private SchedulesBenchmark() {}

    /** Prints the table; exits with 1 and a word when a schedule did not fire exactly once. */
    public static void main(String[] arguments) throws SQLException {
        Nightshift first = Nightshift.prepare(Map.of("NIGHTSHIFT_DEMO", "false", "NIGHTSHIFT_NODE_PARALLEL_RUNS", "1"));
        List<Nightshift> nodes = new ArrayList<>(List.of(first));
        try (Postgres server = Postgres.start(17, Map.of())) {
            server.execute("postgres", "create database due");
            first.start();
            TestProject project = TestProject.create(first.admin(), "due");
            project.register("due", server, "due");
            for (int i = 1; i < NODES; i++) {
                Nightshift other = first.anotherNode();
                nodes.add(other);
                other.start();
            }
            Machine.say("due in the same second | claimed | p50 ms | p99 ms | last ms | claims per second");
            for (int round = 0; round < ROUNDS; round++) {
                measure(first, FEW);
            }
            measure(first, MANY);
        } catch (IllegalStateException e) {
            Machine.say("The benchmark failed: " + e.getMessage());
            System.exit(1);
        } finally {
            nodes.forEach(Nightshift::remove);
        }
    }

    private static void measure(Nightshift nightshift, int count) throws SQLException {
        try (Connection owner = nightshift.repository().connect("postgres")) {
            Instant due = Instant.now().truncatedTo(ChronoUnit.MINUTES).plus(count > 1000 ? 2 : 1, ChronoUnit.MINUTES);
            if (Duration.between(Instant.now(), due).toSeconds() < 10) {
                due = due.plus(1, ChronoUnit.MINUTES);
            }
            ZonedDateTime at = due.atZone(ZoneOffset.UTC);
            String cron =
                    "%d %d %d %d *".formatted(at.getMinute(), at.getHour(), at.getDayOfMonth(), at.getMonthValue());
            String prefix = "s" + due.getEpochSecond();
            try (var insert = owner.prepareStatement("""
                    insert into job.schedule (id, project_id, name, job, cron, zone, databases, next_fire)
                    select gen_random_uuid(), (select id from fleet.project where name = 'due'), ? || '-' || n, 'vacuum', ?, 'UTC',
                           '{due}', ?::timestamptz from generate_series(1, ?) n
                    """)) {
                insert.setString(1, prefix);
                insert.setString(2, cron);
                insert.setString(3, due.toString());
                insert.setInt(4, count);
                insert.executeUpdate();
            }
            Instant time = due;
            Eventually.isTrue("the claims", Duration.ofMinutes(20), () -> fired(owner, time) >= count);
            Machine.say(figures(owner, due, count));
        }
    }

    private static long fired(Connection owner, Instant due) {
        try (var query = owner.prepareStatement("select count(*) from job.run where fire_at = ?::timestamptz")) {
            query.setString(1, due.toString());
            try (var rows = query.executeQuery()) {
                rows.next();
                return rows.getLong(1);
            }
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private static String figures(Connection owner, Instant due, int count) throws SQLException {
        try (var query = owner.prepareStatement("""
                select count(*), count(distinct schedule_id), count(*) filter (where status in ('MISSED', 'SKIPPED')),
                       percentile_cont(0.5) within group (order by late), percentile_cont(0.99) within group (order by late), max(late)
                  from (select schedule_id, status, extract(epoch from created_at - fire_at) * 1000 as late
                          from job.run where fire_at = ?::timestamptz) each
                """)) {
            query.setString(1, due.toString());
            try (var rows = query.executeQuery()) {
                rows.next();
                if (rows.getLong(1) != count || rows.getLong(2) != count || rows.getLong(3) != 0) {
                    throw new IllegalStateException("Of " + count + " schedules " + rows.getLong(2) + " fired, "
                            + rows.getLong(1) + " times, " + rows.getLong(3) + " of them without a start.");
                }
                return String.format(
                        Locale.ROOT,
                        "%,d | %,d | %.0f | %.0f | %.0f | %.0f",
                        count,
                        rows.getLong(1),
                        rows.getDouble(4),
                        rows.getDouble(5),
                        rows.getDouble(6),
                        count / (rows.getDouble(6) / 1000));
            }
        }
    }
}
