package dev.nightshift.backup;

import dev.nightshift.backup.expiry.ExpiryPlan;
import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Predicate;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Says of one instance's backups which go by a rule, and what of its log goes with them. Changes nothing. */
@ApplicationScoped
class ExpiryPlanning {
    /** More than synchronised clocks ever differ by. */
    private static final Duration CLOCKS_DIFFER = Duration.ofMinutes(5);

    @Inject
    private Transactions transactions;

    @Inject
    private ExpiryRepository repository;

    @Inject
    private Backups backups;

    @Inject
    private BackupSources sources;

    @Inject
    private WalRepository logs;

    @Inject
    private LogCopyRepository logCopies;

    @Inject
    private Stores stores;

    @Inject
    private Keyring keyring;

    @Inject
    private Fleet fleet;

    /**
     * A plan with what it is of.
     *
     * @param kept all of the instance that the catalogue held when it was made
     */
    record Planned(List<Backup> kept, ExpiryPlan plan) {
        Backup of(UUID id) {
            return kept.stream()
                    .filter(each -> each.id().equals(id))
                    .findFirst()
                    .orElseThrow();
        }

        /** The end of the oldest whole backup that stays, of the cluster of the newest such one; empty if none stays. */
        Optional<Instant> windowFrom() {
            List<ExpiryPlan.Kept> whole = plan.verdicts().stream()
                    .filter(ExpiryPlan.Verdict::stays)
                    .map(ExpiryPlan.Verdict::backup)
                    .filter(each -> each.whole() && of(each.id()).physical())
                    .sorted(Comparator.comparing(ExpiryPlan.Kept::endedAt))
                    .toList();
            return whole.stream()
                    .filter(each ->
                            each.cluster().equals(whole.get(whole.size() - 1).cluster()))
                    .map(ExpiryPlan.Kept::endedAt)
                    .findFirst();
        }

        /** The first position that a backup of a cluster needs that stays; empty if none does. */
        Optional<Lsn> firstNeeded(String systemIdentifier) {
            Set<UUID> staying = plan.verdicts().stream()
                    .filter(ExpiryPlan.Verdict::stays)
                    .map(verdict -> verdict.backup().id())
                    .collect(Collectors.toSet());
            return kept.stream()
                    .filter(backup -> backup.physical()
                            && staying.contains(backup.id())
                            && backup.systemIdentifier().equals(systemIdentifier))
                    .map(backup -> Lsn.parse(backup.startLsn()))
                    .min(Comparator.naturalOrder());
        }
    }

    /**
     * Where an archive's log can be cut off.
     *
     * @param from what lies before it goes
     */
    record Cut(StoredLog log, Lsn from) {}

    /** @throws Failure.Fatal if the clocks differ, so that no time says what is old */
    Planned plan(ProjectId project, UUID instance, KeepRule rule) {
        return plan(project, instance, rule, null);
    }

    /**
     * As {@link #plan(ProjectId, UUID, KeepRule)}, where nothing else may go than was agreed on.
     *
     * @param agreed null for whatever the rule lets go
     */
    Planned plan(ProjectId project, UUID instance, KeepRule rule, @Nullable Set<UUID> agreed) {
        return plan(project, instance, rule, agreed, Map.of(), null);
    }

    /**
     * As {@link #plan(ProjectId, UUID, KeepRule, Set)}, where something keeps more than the rule.
     *
     * @param others backups that stay, each with its reason
     */
    Planned plan(
            ProjectId project, UUID instance, KeepRule rule, @Nullable Set<UUID> agreed, Map<UUID, String> others) {
        return plan(project, instance, rule, agreed, others, null);
    }

    /** As {@link #plan(ProjectId, UUID, KeepRule)}, had no time passed and no backup ended since a moment. */
    Planned planAsOf(ProjectId project, UUID instance, KeepRule rule, Instant asOf) {
        return plan(project, instance, rule, null, Map.of(), asOf);
    }

    private Planned plan(
            ProjectId project,
            UUID instance,
            KeepRule rule,
            @Nullable Set<UUID> agreed,
            Map<UUID, String> others,
            @Nullable Instant asOf) {
        List<Backup> all = transactions.in(project, connection -> repository.kept(connection, instance));
        Instant now = transactions.in(project, ExpiryRepository::now);
        for (Backup backup : all) {
            if (backup.endedAt().isAfter(now.plus(CLOCKS_DIFFER))) {
                throw new Failure.Fatal(
                        "Backup " + backup.id() + " is said to have ended at " + backup.endedAt()
                                + ", and the repository's clock says that it is " + now
                                + ": by such times nothing is deleted.",
                        "Set the clocks of all nodes and of the repository right. This backup counts as the newest"
                                + " until then.",
                        null);
            }
        }
        List<Backup> kept = all.stream()
                .filter(each -> asOf == null || !each.endedAt().isAfter(asOf))
                .toList();
        Set<UUID> named = transactions.in(project, connection -> repository.named(connection, instance));
        Map<UUID, Backup> known = kept.stream().collect(Collectors.toMap(Backup::id, backup -> backup));
        Map<UUID, List<CopyRepository.Place>> places = sources.places(project, known.keySet());
        ExpiryPlan plan = ExpiryPlan.of(
                kept.stream()
                        .map(backup -> judged(
                                project,
                                backup,
                                wanted(backup, named, agreed, others.get(backup.id())),
                                places.getOrDefault(backup.id(), List.of()),
                                known))
                        .toList(),
                rule,
                asOf == null ? now : asOf,
                fleet.project(project).timeZone());
        return new Planned(kept, plan);
    }

    /** Whether a copy stands proven with all that it needs in its store, and no proof says that one of those fails there. */
    static boolean isCopyProven(Backup backup, List<CopyRepository.Place> places, Map<UUID, Backup> known) {
        return stands(
                backup,
                places,
                known,
                copy -> copy.proof() != null && copy.proof().isRestored());
    }

    /** Whether such a copy is whole with all that it needs in its store, and no proof says that one of those fails there. */
    private static boolean stands(
            Backup backup, List<CopyRepository.Place> places, Map<UUID, Backup> known, Predicate<Backup.Copy> which) {
        return backup.copies().stream()
                .filter(copy -> copy.isWhole() && which.test(copy))
                .map(Backup.Copy::store)
                .filter(store -> places.stream().anyMatch(place -> place.store().equals(store)))
                .anyMatch(store ->
                        backup.chain().stream().map(known::get).allMatch(each -> each != null && !each.failsIn(store)));
    }

    private ExpiryPlan.Kept judged(
            ProjectId project,
            Backup backup,
            @Nullable String wanted,
            List<CopyRepository.Place> places,
            Map<UUID, Backup> known) {
        Backup.StoredProof proof = backup.proof();
        boolean undamaged = backup.state().equals("COMPLETE");
        boolean lost = stores.isLost(backup.store());
        boolean own =
                undamaged && !lost && backups.against(project, backup.id()).isEmpty();
        boolean copyProven = undamaged && isCopyProven(backup, places, known);
        // Where its own store is lost, a copy is all that there is: it counts as the backup did there, drilled or not
        boolean copied = undamaged && lost && stands(backup, places, known, copy -> true);
        boolean whole = own || copyProven || copied;
        boolean proven = copyProven || (own && proof != null && proof.isRestored());
        return new ExpiryPlan.Kept(
                backup.id(), series(backup), backup.endedAt(), whole, proven, wanted, backup.chain());
    }

    /** Why somebody wants it to stay; null if nobody does. */
    private static @Nullable String wanted(
            Backup backup, Set<UUID> named, @Nullable Set<UUID> agreed, @Nullable String other) {
        Backup.Hold hold = backup.hold();
        if (hold != null) {
            return hold.reason();
        }
        if (named.contains(backup.id())) {
            return "a run that is not over names it";
        }
        if (other != null) {
            return other;
        }
        return agreed == null || agreed.contains(backup.id())
                ? null
                : "the deletion request that was approved did not show it";
    }

    /** A logical backup stands in for those of the same kind, database and parts of it alone; least of all for physical ones. */
    private static String series(Backup backup) {
        return backup.physical()
                ? backup.systemIdentifier()
                : backup.systemIdentifier() + " " + backup.kind() + " " + backup.databases() + " " + backup.selection();
    }

    List<WalRepository.Archive> archives(ProjectId project, UUID instance) {
        return transactions.in(project, connection -> logs.archives(connection, instance));
    }

    /**
     * Where an archive can be cut off if nothing before a position is needed; empty if nothing is stored in it.
     *
     * @throws Failure.NotFound if it is not in its store any more
     */
    Optional<Cut> cut(ProjectId project, WalRepository.Archive archive, Lsn needed) {
        Optional<Lsn> end = transactions
                .in(project, connection -> logs.end(connection, archive.id()))
                .map(found -> found.reached().to());
        if (end.isEmpty()) {
            return Optional.empty();
        }
        // The segment that the archive ends in stays: archiving goes on from there
        Lsn wanted = end.get().compareTo(needed) < 0 ? end.get() : needed;
        StoredLog log =
                StoredLog.of(WalFolder.open(stores.of(archive.store()), archive.location(), keyring.of(project)));
        return Optional.of(new Cut(log, wanted.segmentStart(archive.segmentBytes())));
    }

    /** Copies of an instance's archives that are not freed. */
    List<LogCopyRepository.Copy> copies(ProjectId project, UUID instance) {
        return transactions.in(project, connection -> logCopies.copies(connection, instance));
    }

    /**
     * Where a copy of an archive can be cut off: as the archive itself, but that nothing goes on from its end.
     *
     * @throws Failure.NotFound if it is not in its store any more
     * @throws Failure.Retryable if the store cannot be read now, or looks unmounted
     */
    Cut cut(ProjectId project, WalRepository.Archive archive, LogCopyRepository.Copy copy, Lsn needed) {
        Store store = stores.of(copy.store());
        if (store instanceof FolderStore folder && folder.looksUnmounted()) {
            throw CopyToStore.unmounted(store);
        }
        StoredLog log = StoredLog.of(WalFolder.open(store, copy.location(), keyring.of(project)));
        return new Cut(log, needed.segmentStart(archive.segmentBytes()));
    }
}
