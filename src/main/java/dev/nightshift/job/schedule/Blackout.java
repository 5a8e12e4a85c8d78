package dev.nightshift.job.schedule;

import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneId;
import java.time.format.DateTimeFormatter;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.UUID;
import java.util.stream.IntStream;

/**
 * A stretch of the calendar in which schedules of a project start nothing: holidays, the freeze at the year's end.
 *
 * @param starts what the clock on the wall shows when it begins; it ends before {@code ends}
 * @param yearly it comes every year: the years of both are that of its first time
 * @param jobs what it holds back; empty for all jobs
 */
public record Blackout(
        UUID id,
        String name,
        LocalDateTime starts,
        LocalDateTime ends,
        ZoneId zone,
        boolean yearly,
        List<String> jobs) {
    private static final DateTimeFormatter WORDS = DateTimeFormatter.ofPattern("d MMM yyyy HH:mm", Locale.ENGLISH);

    public Blackout {
        jobs = List.copyOf(jobs);
    }

    /** From when to when it lasts, one time of it. */
    public record Stretch(Instant from, Instant to) {}

    boolean concerns(String job) {
        return jobs.isEmpty() || jobs.contains(job);
    }

    /** The stretch in which the time lies, if it lies in one. */
    Optional<Stretch> around(Instant time) {
        int years = yearly ? time.atZone(zone).getYear() - starts.getYear() : 0;
        // One over the turn of the year began in the year before
        for (int year = years; year >= Math.max(0, years - 1); year--) {
            Stretch stretch = stretch(year);
            if (!time.isBefore(stretch.from()) && time.isBefore(stretch.to())) {
                return Optional.of(stretch);
            }
        }
        return Optional.empty();
    }

    /** Every stretch that has a part between two times. */
    List<Stretch> within(Instant from, Instant to) {
        int first = yearly ? Math.max(0, from.atZone(zone).getYear() - starts.getYear() - 1) : 0;
        int last = yearly ? Math.max(0, to.atZone(zone).getYear() - starts.getYear()) : 0;
        return IntStream.rangeClosed(first, last)
                .mapToObj(this::stretch)
                .filter(stretch -> stretch.from().isBefore(to) && stretch.to().isAfter(from))
                .toList();
    }

    /** A day that a year does not have, 29 February, is the one before. */
    private Stretch stretch(int years) {
        return new Stretch(
                starts.plusYears(years).atZone(zone).toInstant(),
                ends.plusYears(years).atZone(zone).toInstant());
    }

    String reason(Stretch stretch) {
        return "Blackout \"" + name + "\", until " + WORDS.format(stretch.to().atZone(zone)) + " (" + zone.getId()
                + ").";
    }
}
