package dev.nightshift.job.schedule;

import java.time.Duration;
import java.time.Instant;
import java.time.LocalDate;
import java.time.MonthDay;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Decides what becomes of the times at which a schedule was due. */
final class Fires {
    /** A fire that is taken later than this was missed: nodes look several times a second, and a restart takes a minute. */
    static final Duration LATE = Duration.ofMinutes(2);

    /** The most fires that leave a row, or start, when many were missed; those before them are counted by no row. */
    static final int MOST = 100;

    /** How far back fires are looked for: nobody wants last month's backups. */
    static final Duration FARTHEST = Duration.ofDays(31);

    private static final DateTimeFormatter MINUTE = DateTimeFormatter.ofPattern("d MMM HH:mm", Locale.ENGLISH);
    private static final DateTimeFormatter DAY = DateTimeFormatter.ofPattern("d MMMM", Locale.ENGLISH);

    private static final String NOBODY = "Nobody was there to start it in time.";

    private Fires() {}

    /** What a fire comes to. */
    enum Outcome {
        START,
        MISSED,
        SKIPPED
    }

    /** @param reason why it does not start, or starts late; null for a fire in time */
    record Fire(Instant at, Outcome outcome, @Nullable String reason) {}

    /**
     * Days that a schedule leaves out, in its own zone: {@code 2026-12-24}, or {@code 12-24} for every year.
     */
    record Exceptions(List<String> days, ZoneId zone) {
        boolean contain(Instant time) {
            LocalDate day = LocalDate.ofInstant(time, zone);
            return days.contains(day.toString())
                    || days.contains(MonthDay.from(day).toString().substring(2));
        }
    }

    /**
     * What holds a schedule's fires back.
     *
     * @param pauses the last ones of the schedule, its project and the fleet
     * @param blackouts those that concern its job
     */
    record Calendar(List<Pause> pauses, Exceptions exceptions, List<Blackout> blackouts) {
        boolean pausedAt(Instant time) {
            return pauses.stream().anyMatch(pause -> pause.covers(time));
        }

        /** Why nothing starts at a time, in words. */
        Optional<String> whyNot(Instant time) {
            return pauses.stream()
                    .filter(pause -> pause.covers(time))
                    .map(pause -> "Paused by " + pause.by() + ": " + pause.why())
                    .findFirst()
                    .or(() -> heldBack(time));
        }

        /** Why nothing starts at a time; pauses apart. */
        Optional<String> heldBack(Instant time) {
            if (exceptions.contain(time)) {
                return Optional.of("The schedule leaves out " + DAY.format(time.atZone(exceptions.zone())) + ".");
            }
            return blackouts.stream()
                    .flatMap(blackout -> blackout.around(time).map(blackout::reason).stream())
                    .findFirst();
        }
    }

    /** Times looked through for one that nothing holds back, before it is said that none is near. */
    private static final int MOST_LOOKED_AT = 2_000;

    /** The next times at which it will start; none while a pause has no end, or when what holds it back outlasts the look ahead. */
    static List<Instant> next(Cron cron, Instant now, Calendar calendar, int count) {
        List<Instant> fires = new ArrayList<>();
        if (calendar.pauses().stream().anyMatch(pause -> pause.covers(now) && pause.until() == null)) {
            return fires;
        }
        for (Instant time : cron.next(now, count)) {
            if (!calendar.pausedAt(time) && calendar.heldBack(time).isEmpty()) {
                fires.add(time);
            }
        }
        if (fires.size() == count) {
            return fires;
        }
        return cron.next(now, MOST_LOOKED_AT).stream()
                .filter(time ->
                        !calendar.pausedAt(time) && calendar.heldBack(time).isEmpty())
                .limit(count)
                .toList();
    }

    /**
     * The fires that are due, oldest first.
     *
     * @param next the earliest that has not been decided
     */
    static List<Fire> due(Cron cron, Instant next, Instant now, Misfire misfire, Calendar calendar) {
        Instant farthest = now.minus(FARTHEST);
        Instant first = next.isBefore(farthest) ? farthest : next;
        List<Instant> times = cron.between(first.minusNanos(1), now, MOST).stream()
                .filter(time -> !calendar.pausedAt(time))
                .toList();
        Optional<String> heldNow = calendar.heldBack(now);
        Optional<Instant> latest =
                times.stream().filter(time -> calendar.heldBack(time).isEmpty()).reduce((one, later) -> later);
        List<Fire> fires = new ArrayList<>();
        for (Instant time : times) {
            boolean late = Duration.between(time, now).compareTo(LATE) > 0;
            boolean isLatest = latest.filter(time::equals).isPresent();
            Optional<String> held = calendar.heldBack(time);
            if (held.isPresent()) {
                fires.add(new Fire(time, Outcome.SKIPPED, held.get()));
            } else if (!late && (isLatest || misfire != Misfire.ONCE)) {
                fires.add(new Fire(time, Outcome.START, null));
            } else if (misfire == Misfire.SKIP) {
                fires.add(new Fire(time, Outcome.MISSED, NOBODY));
            } else if (misfire == Misfire.ONCE && !isLatest) {
                String standIn =
                        latest.map(at -> MINUTE.format(at.atZone(cron.zone()))).orElse("");
                fires.add(new Fire(time, Outcome.MISSED, NOBODY + " The one of " + standIn + " stands for it."));
            } else if (heldNow.isPresent()) {
                fires.add(new Fire(time, Outcome.MISSED, NOBODY + " Now: " + heldNow.get()));
            } else {
                fires.add(new Fire(time, Outcome.START, "Starts late: nobody was there at its time."));
            }
        }
        return fires;
    }
}
