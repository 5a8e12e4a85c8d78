package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.RepositoryServer;
import dev.nightshift.testing.harness.SourceLog;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What must be true of vacuum runs after nodes were killed and paused. By the ledger: every run, asked for or of a schedule, ended
 * COMPLETED, each of its targets became COMPLETED exactly once, and no fire of a schedule was doubled. By the server that was
 * vacuumed, which knows nothing of Nightshift:
 *
 * <ul>
 *   <li>for each run and each table the server counted exactly one VACUUM to the end, however often the run's node was lost:
 *       what was cut off is begun again, what was done is not;
 *   <li>the work of two sessions on one database, each from the beginning of its first VACUUM to the end of its last, never
 *       overlaps;
 *   <li>no VACUUM begins outside of the life of the only run that could have sent it, from its request to the end of its
 *       target, nor in a session that was open when the target ended: a node that wakes up late does nothing any more;
 *   <li>a session whose run has gone over to another attempt begins at most one VACUUM after that: the one that a node was
 *       about to send when it was paused, between its look at the ledger and the statement. It holds the target's lock
 *       then, so that even this one doubles nothing.
 * </ul>
 */
final class DoneOnce {
    private final RepositoryServer repository;
    private final String mine;
    private final List<SourceLog.Use> uses;
    private final Map<String, List<Target>> targets;
    private final Map<String, List<Instant>> attempts;

    /**
     * What one run did to one database.
     *
     * @param ended null where it has not
     */
    private record Target(
            String run,
            String database,
            Instant requested,
            @Nullable Instant ended) {
        boolean covers(Instant time) {
            return !time.isBefore(requested) && (ended == null || !time.isAfter(ended));
        }
    }

    private record Attempt(String run, Instant created) {}

    private DoneOnce(RepositoryServer repository, String project, List<SourceLog.Use> uses) throws SQLException {
        this.repository = repository;
        this.uses = uses;
        this.mine = " r.project_id = (select id from fleet.project where name = '" + project + "')";
        this.targets = repository
                .rows(
                        "select r.id, t.database_names[1], r.created_at, t.ended_at from job.run r"
                                + " join job.target t on t.run_id = r.id where r.schedule_id is null and" + mine,
                        row -> new Target(row.getString(1), row.getString(2), time(row, 3), time(row, 4)))
                .stream()
                .collect(Collectors.groupingBy(Target::database));
        this.attempts = repository
                .rows(
                        "select a.run_id, a.created_at from job.attempt a join job.run r on r.id = a.run_id where"
                                + mine + " order by a.created_at",
                        row -> new Attempt(row.getString(1), time(row, 2)))
                .stream()
                .collect(
                        Collectors.groupingBy(Attempt::run, Collectors.mapping(Attempt::created, Collectors.toList())));
    }

    private static Instant time(ResultSet row, int column) throws SQLException {
        var time = row.getTimestamp(column);
        return time == null ? Instant.MAX : time.toInstant();
    }

    /** Watches the ends of targets in the ledger from within, so that an end that is written twice is seen. */
    static void watch(RepositoryServer repository) throws SQLException {
        repository.execute(
                "create table public.completed (target uuid not null, attempt int not null)",
                "create function public.note_completed() returns trigger language plpgsql security definer"
                        + " set search_path = pg_catalog, pg_temp as $$ begin"
                        + " insert into public.completed values (new.id, new.attempt); return new; end $$",
                "create trigger note_completed after update on job.target for each row"
                        + " when (new.status = 'COMPLETED' and old.status <> 'COMPLETED')"
                        + " execute function public.note_completed()");
    }

    static void watchNoMore(RepositoryServer repository) throws SQLException {
        repository.execute(
                "drop trigger note_completed on job.target",
                "drop function public.note_completed()",
                "drop table public.completed");
    }

    /** After all runs have ended. */
    static void holds(RepositoryServer repository, String project, StaleDatabases databases) throws SQLException {
        var claims = new DoneOnce(
                repository, project, SourceLog.read(databases.source().cluster().log()));
        System.out.println(project + ": " + claims.figures(databases));
        assertAll(
                () -> claims.theLedger(databases.accepted()),
                () -> assertEquals(List.of(), databases.miscounted(), "each table was vacuumed once for each run"),
                () -> assertTrue(databases.counted() > 0, "the server's counters were looked at"),
                () -> assertTrue(claims.done() >= databases.counted(), "the server's log shows what was done"),
                () -> assertTrue(claims.recoveries() > 0, "runs were recovered"),
                () -> assertEquals(
                        List.of(), SourceLog.overlaps(claims.uses), "sessions that worked on a database at once"),
                () -> assertEquals(List.of(), claims.outsideOfRuns(), "VACUUMs outside of a run's life"),
                () -> assertEquals(
                        List.of(),
                        claims.late().stream()
                                .filter(late -> late.vacuums() > 1)
                                .toList(),
                        "sessions that went on though their run had gone over to another attempt"));
    }

    private void theLedger(List<String> accepted) throws SQLException {
        List<String> unfinished = repository.texts("select r.id || ' ' || r.status || ' ' || coalesce(r.reason, '')"
                + " from job.run r where r.status <> 'COMPLETED' and" + mine);
        List<String> notOnce = repository.texts(
                "select t.id from job.target t join job.run r on r.id = t.run_id left join public.completed c on c.target = t.id"
                        + " where r.status = 'COMPLETED' and" + mine + " group by t.id having count(c.target) <> 1");
        List<String> doubled = repository.texts("select r.schedule_id || ' ' || r.fire_at from job.run r"
                + " where r.schedule_id is not null and" + mine
                + " group by r.schedule_id, r.fire_at having count(*) > 1");
        Set<String> forgotten = new HashSet<>(accepted);
        repository
                .texts("select r.id from job.run r where r.status = 'COMPLETED' and" + mine)
                .forEach(forgotten::remove);
        assertAll(
                () -> assertEquals(List.of(), unfinished, "every run ends completed"),
                () -> assertEquals(List.of(), notOnce, "every target was completed exactly once"),
                () -> assertEquals(List.of(), doubled, "no fire was doubled"),
                () -> assertEquals(Set.of(), forgotten, "no request is forgotten"));
    }

    private long done() {
        return count(SourceLog.End.DONE);
    }

    private long count(SourceLog.End how) {
        return uses.stream()
                .flatMap(use -> use.vacuums().stream())
                .filter(vacuum -> vacuum.end().filter(how::equals).isPresent())
                .count();
    }

    private long recoveries() throws SQLException {
        return Long.parseLong(repository
                .texts("select coalesce(sum(r.attempt - 1), 0) from job.run r where" + mine)
                .get(0));
    }

    /** Only of databases that one run at a time vacuums, and nothing else. */
    private List<String> outsideOfRuns() {
        List<String> all = new ArrayList<>();
        for (SourceLog.Use use : uses) {
            List<Target> ofOne = targets.getOrDefault(use.database(), List.of());
            for (SourceLog.Vacuum vacuum : use.vacuums()) {
                boolean covered =
                        ofOne.stream().anyMatch(target -> target.covers(vacuum.begun()) && target.covers(use.taken()));
                if (!covered && !ofOne.isEmpty()) {
                    all.add(vacuum.table() + " at " + vacuum.begun() + " in " + use);
                }
            }
        }
        return all;
    }

    private record Late(SourceLog.Use use, Instant since, long vacuums) {}

    /** Sessions that began a VACUUM after their run had gone over to another attempt. */
    private List<Late> late() {
        List<Late> all = new ArrayList<>();
        for (SourceLog.Use use : uses) {
            Optional<Instant> over = targets.getOrDefault(use.database(), List.of()).stream()
                    .filter(target -> target.covers(use.taken()))
                    .flatMap(target -> attempts.getOrDefault(target.run(), List.of()).stream())
                    .filter(attempt -> attempt.isAfter(use.taken()))
                    .min(Instant::compareTo);
            over.ifPresent(since -> {
                long vacuums = use.vacuums().stream()
                        .filter(vacuum -> vacuum.begun().isAfter(since))
                        .count();
                if (vacuums > 0) {
                    all.add(new Late(use, since, vacuums));
                }
            });
        }
        return all;
    }

    private String figures(StaleDatabases databases) throws SQLException {
        return databases.accepted().size() + " runs asked for, " + databases.counted() + " targets; ledger "
                + repository.texts("select r.status || ' ' || count(*) || ' runs, ' || sum(r.attempt) || ' attempts, '"
                        + " || sum(r.losses) || ' losses, at most ' || max(r.losses) || ' of one' from job.run r where"
                        + mine
                        + " group by r.status order by 1")
                + "; server " + uses.size() + " sessions, VACUUMs done " + done() + ", cut off "
                + count(SourceLog.End.CUT_OFF) + ", passed over " + count(SourceLog.End.PASSED_OVER) + ", begun late "
                + late().size() + ", overlaps " + SourceLog.overlaps(uses).size();
    }
}
