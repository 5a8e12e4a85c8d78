package dev.nightshift.fleet.window;

import java.time.DayOfWeek;
import java.time.Instant;
import java.time.LocalDate;
import java.time.LocalDateTime;
import java.time.LocalTime;
import java.time.ZoneId;
import java.time.zone.ZoneOffsetTransition;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;

/**
 * A stretch of each of some weekdays in which work that loads a database may be done.
 *
 * @param days on which it begins
 * @param end when it closes; not after {@code start}, it closes on the day after. Both are what the clock on the wall shows; a
 *     time that it leaves out is the gap's end
 * @param databases names, or {@code tag:} and a tag; empty for all of the project
 */
public record MaintenanceWindow(
        UUID id,
        String name,
        Set<DayOfWeek> days,
        LocalTime start,
        LocalTime end,
        ZoneId zone,
        List<String> databases) {
    /** In one week of a year the clock's change may leave nothing of it. */
    private static final int DAYS_AHEAD = 15;

    public MaintenanceWindow {
        days = EnumSet.copyOf(days);
        databases = List.copyOf(databases);
    }

    /** From when to when it is open, one time of it. */
    public record Stretch(Instant opens, Instant closes) {}

    /** Whether it is one of a database's windows. */
    public boolean covers(String database, List<String> tags) {
        return databases.isEmpty() || names(databases, database, tags);
    }

    static boolean names(List<String> names, String database, List<String> tags) {
        return names.contains(database) || tags.stream().anyMatch(tag -> names.contains("tag:" + tag));
    }

    /** The stretch in which the time lies, if it is open then. */
    Optional<Stretch> around(Instant time) {
        LocalDate today = LocalDate.ofInstant(time, zone);
        return List.of(today, today.minusDays(1)).stream()
                .flatMap(day -> stretch(day).stream())
                .filter(stretch -> !time.isBefore(stretch.opens()) && time.isBefore(stretch.closes()))
                .findFirst();
    }

    /** When it opens next after a time. */
    Instant opensAfter(Instant time) {
        LocalDate today = LocalDate.ofInstant(time, zone);
        for (int i = 0; i <= DAYS_AHEAD; i++) {
            Optional<Stretch> stretch =
                    stretch(today.plusDays(i)).filter(each -> each.opens().isAfter(time));
            if (stretch.isPresent()) {
                return stretch.get().opens();
            }
        }
        throw new IllegalStateException("A window opens once in two weeks at least: " + name + ".");
    }

    /** Every stretch that has a part between two times. */
    public List<Stretch> within(Instant from, Instant to) {
        List<Stretch> stretches = new ArrayList<>();
        LocalDate last = LocalDate.ofInstant(to, zone);
        for (LocalDate day = LocalDate.ofInstant(from, zone).minusDays(1); !day.isAfter(last); day = day.plusDays(1)) {
            stretch(day)
                    .filter(stretch ->
                            stretch.opens().isBefore(to) && stretch.closes().isAfter(from))
                    .ifPresent(stretches::add);
        }
        return stretches;
    }

    /** Empty where it does not begin on that day, or the clock's change leaves nothing of it. */
    private Optional<Stretch> stretch(LocalDate day) {
        if (!days.contains(day.getDayOfWeek())) {
            return Optional.empty();
        }
        LocalDate closing = end.isAfter(start) ? day : day.plusDays(1);
        var stretch = new Stretch(instant(day.atTime(start)), instant(closing.atTime(end)));
        return stretch.closes().isAfter(stretch.opens()) ? Optional.of(stretch) : Optional.empty();
    }

    /** A time that the clock leaves out is the end of the gap, as for schedules. */
    private Instant instant(LocalDateTime time) {
        ZoneOffsetTransition change = zone.getRules().getTransition(time);
        return change != null && change.isGap()
                ? change.getInstant()
                : time.atZone(zone).toInstant();
    }
}
