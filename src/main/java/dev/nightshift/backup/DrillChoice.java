package dev.nightshift.backup;

import dev.nightshift.backup.read.RecoveryTarget;
import dev.nightshift.job.Parameters;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Random;
import java.util.TreeSet;
import java.util.UUID;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What a drill takes: what its run names, the newest, or what chance says. A restart of the run keeps the choice. */
@ApplicationScoped
class DrillChoice {
    static final String WHICH = "which";
    static final String NEWEST = "newest";
    static final String RANDOM = "random";
    static final String RANDOM_POINT = "random-point";

    /** In the checkpoint; expiry leaves a backup alone that stands there. */
    private static final String BACKUP = "backup";

    private static final String MOMENT = "moment";

    @Inject
    private Backups backups;

    @Inject
    private BackupSources sources;

    @Inject
    private PointRecovery points;

    private final Random random = new SecureRandom();

    /**
     * What was chosen.
     *
     * @param how as {@link Drill#chosen}
     * @param backup null where the point decides
     * @param point null for the backup by itself
     */
    record Choice(
            String how, @Nullable Backup backup, @Nullable RecoveryTarget point) {}

    /** @throws Failure.Invalid where the run names what chance is to choose */
    static void check(Parameters parameters) {
        boolean named = parameters.text(BACKUP).isPresent()
                || PointParameters.of(parameters).isPresent();
        if (named && !parameters.text(WHICH).orElse(NEWEST).equals(NEWEST)) {
            throw new Failure.Invalid(
                    "parameters." + WHICH,
                    "A drill of a random backup or point names neither: leave backup and to out.");
        }
    }

    /**
     * Chooses, and notes a random choice before anything is read. By the project's keys, also where a kit is to open what is chosen: a
     * kit that is too old must not narrow the choice to what it opens.
     *
     * @param from the only store that may be read; null for any
     * @param each whether all stores are to come to a moment that is chosen
     * @throws Failure.Skippable if there is nothing to choose from
     */
    Choice of(TargetRun target, @Nullable String from, boolean each) {
        String which = target.parameters().text(WHICH).orElse(NEWEST);
        Optional<RecoveryTarget> point = PointParameters.of(target.parameters());
        boolean named = target.parameters().text(BACKUP).isPresent();
        if (which.equals(RANDOM)) {
            return new Choice("RANDOM", noted(target).orElseGet(() -> older(target, from)), null);
        }
        if (which.equals(RANDOM_POINT)) {
            Instant at = target.checkpoint()
                    .map(state -> state.getString(MOMENT, ""))
                    .filter(text -> !text.isEmpty())
                    .map(Instant::parse)
                    .orElseGet(() -> moment(target, from, each));
            return new Choice("RANDOM_POINT", null, new RecoveryTarget(new RecoveryTarget.Time(at), null));
        }
        if (point.isPresent()) {
            return new Choice("NAMED", named ? RestoreBackup.chosen(backups, target) : null, point.get());
        }
        return new Choice(named ? "NAMED" : "NEWEST", RestoreBackup.chosen(backups, target), null);
    }

    private Optional<Backup> noted(TargetRun target) {
        return target.checkpoint()
                .map(state -> state.getString(BACKUP, ""))
                .filter(id -> !id.isEmpty())
                .map(id -> backups.get(target.project(), UUID.fromString(id)));
    }

    private Backup older(TargetRun target, @Nullable String from) {
        List<Backup> kept = backups.restorable(target.project(), target.instanceId());
        List<Backup> older = kept.isEmpty() ? List.of() : kept.subList(1, kept.size());
        if (from != null) {
            Map<UUID, List<CopyRepository.Place>> places = sources.places(
                    target.project(), older.stream().map(Backup::id).toList());
            older = older.stream()
                    .filter(backup -> places.getOrDefault(backup.id(), List.of()).stream()
                            .anyMatch(place -> place.store().equals(from)))
                    .toList();
        }
        if (older.isEmpty()) {
            throw new Failure.Skippable(
                    "No backup of this instance is older than its newest one"
                            + (from == null ? "." : " and whole in the store " + from + "."),
                    "Keep more than one backup, or drill the newest.",
                    null);
        }
        Backup chosen = older.get(random.nextInt(older.size()));
        target.checkpoint(
                Json.createObjectBuilder().add(BACKUP, chosen.id().toString()).build());
        target.info("By chance, of " + older.size() + " older ones: backup " + chosen.id() + " of "
                + chosen.takenAt().truncatedTo(ChronoUnit.SECONDS) + ".");
        return chosen;
    }

    private Instant moment(TargetRun target, @Nullable String from, boolean each) {
        Instant last = each ? lastOfAll(target) : Instant.MAX;
        List<Span> spans = spans(target, from).stream()
                .map(span -> span.until(last))
                .filter(span -> span.millis() > 0)
                .toList();
        long all = spans.stream().mapToLong(Span::millis).sum();
        if (all == 0) {
            throw new Failure.Skippable(
                    "There is no moment behind a backup of this instance that could be recovered to.",
                    "Archive its log, and wait for a transaction after a backup.",
                    null);
        }
        Instant at = within(spans, random.nextLong(all) + 1);
        target.checkpoint(Json.createObjectBuilder().add(MOMENT, at.toString()).build());
        target.info("By chance, of " + Duration.ofMillis(all).toMinutes() + " min of the recovery window: " + at + ".");
        return at;
    }

    private List<Span> spans(TargetRun target, @Nullable String from) {
        var reading = BackupSources.Reading.in(from, BackupSources.Reading.ANYWHERE);
        return points.window(target.project(), target.instanceId(), null, reading).stretches().stream()
                .filter(stretch -> stretch.lastTransaction() != null)
                .map(stretch -> new Span(stretch.range().backup().finishedAt(), stretch.lastTransaction()))
                .toList();
    }

    /** How far every store comes that answers: a copy of the log is as old as the last run that made it. */
    private Instant lastOfAll(TargetRun target) {
        List<UUID> kept = backups.restorable(target.project(), target.instanceId()).stream()
                .map(Backup::id)
                .toList();
        Instant last = Instant.MAX;
        for (String store : sources.places(target.project(), kept).values().stream()
                .flatMap(places -> places.stream().map(CopyRepository.Place::store))
                .collect(Collectors.toCollection(TreeSet::new))) {
            try {
                Instant end = spans(target, store).stream()
                        .flatMap(span -> Stream.ofNullable(span.to()))
                        .max(Comparator.naturalOrder())
                        .orElse(Instant.MIN);
                last = end.isBefore(last) ? end : last;
            } catch (Failure.Retryable e) {
                target.warn("The store " + store + " is away: the moment is chosen without it. " + e.getMessage());
            }
        }
        return last;
    }

    /** From the end of a backup to the last transaction that is stored without a gap. */
    record Span(Instant from, @Nullable Instant to) {
        Span until(Instant last) {
            return to != null && to.isAfter(last) ? new Span(from, last) : this;
        }

        long millis() {
            return to == null ? 0 : Math.max(0, Duration.between(from, to).toMillis());
        }
    }

    /** The moment so many milliseconds into the spans, gaps left out. */
    static Instant within(List<Span> spans, long millis) {
        long left = millis;
        for (Span span : spans) {
            if (left <= span.millis()) {
                return span.from().plusMillis(left);
            }
            left -= span.millis();
        }
        throw new IllegalArgumentException("the spans are shorter");
    }
}
