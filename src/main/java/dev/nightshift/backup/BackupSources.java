package dev.nightshift.backup;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.BackupKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.Consumer;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** From which store a backup is read. A chain is read from one. */
@ApplicationScoped
class BackupSources {
    @Inject
    private Stores stores;

    @Inject
    private CopyRepository copies;

    @Inject
    private Transactions transactions;

    /**
     * What may be read.
     *
     * @param store the only one; null for no matter which
     * @param own whether only the one that the backup was taken to, where none is named
     * @param keys that open it; null for the project's
     */
    record Reading(
            @Nullable String store, boolean own, @Nullable BackupKeys keys) {
        /** The first that has all and answers; the one that the backup was taken to before the others. */
        static final Reading ANYWHERE = new Reading(null, false, null);

        /** The one that the backup was taken to: a drill says nothing of one store by what it read from another. */
        static final Reading OWN = new Reading(null, true, null);

        static Reading in(@Nullable String store, Reading otherwise) {
            return store == null ? otherwise : new Reading(store, false, null);
        }

        /** The same, by these keys and no others. */
        Reading by(@Nullable BackupKeys other) {
            return new Reading(store, own, other);
        }
    }

    /** A backup, opened in a store. */
    record Source(String store, BackupReader reader) {}

    /** Where all that a restore of each needs lies, as the catalogue knows. */
    Map<UUID, List<CopyRepository.Place>> places(ProjectId project, Collection<UUID> backups) {
        return transactions.in(project, connection -> copies.places(connection, backups));
    }

    /**
     * Opens it.
     *
     * @param note hears why a store that comes first is not read
     * @throws Failure.Skippable if the catalogue knows of no such copy
     * @throws Failure of the first store that was tried, with those that have the backup too
     */
    Source open(ProjectId project, Backup backup, Reading reading, BackupKeys keys, Consumer<String> note) {
        return first(project, backup, reading, note, (place, choice) -> open(place, keys, choice));
    }

    /**
     * Opens its manifest alone, wherever that answers: nobody looks whether the objects are there.
     *
     * @throws Failure as {@link #open}
     */
    Source describe(ProjectId project, Backup backup, BackupKeys keys) {
        return first(
                project,
                backup,
                Reading.ANYWHERE,
                note -> {},
                (place, choice) ->
                        new Source(place.store(), BackupReader.open(stores.of(place.store()), place.location(), keys)));
    }

    /** How a backup is opened in one store; told whether there are others to choose from. */
    private interface Opening {
        Source in(CopyRepository.Place place, boolean choice);
    }

    private Source first(ProjectId project, Backup backup, Reading reading, Consumer<String> note, Opening opening) {
        List<CopyRepository.Place> all = places(project, List.of(backup.id())).getOrDefault(backup.id(), List.of());
        List<CopyRepository.Place> wanted = all.stream()
                .filter(place -> reading.store() != null
                        ? place.store().equals(reading.store())
                        : !reading.own() || place.store().equals(backup.store()))
                .toList();
        if (wanted.isEmpty()) {
            throw new Failure.Skippable(
                    "Backup " + backup.id() + " does not lie whole in the store "
                            + (reading.store() == null ? backup.store() : reading.store()) + words(all) + ".",
                    "Name a store that it lies in, or copy it there: job copy.",
                    null);
        }
        Failure first = null;
        for (CopyRepository.Place place : wanted) {
            if (first != null) {
                note.accept("Backup " + backup.id() + " cannot be read where it would be read first: "
                        + first.getMessage() + " Its copy in the store " + place.store() + " is tried.");
            }
            try {
                return opening.in(place, wanted.size() > 1);
            } catch (Failure.Fatal | Failure.NotFound | Failure.Retryable | Failure.Skippable e) {
                first = first == null ? e : first;
            }
        }
        throw elsewhere(first, wanted, all);
    }

    /** Where there is a choice it is looked whether all objects are there: those of the whole chain. */
    private Source open(CopyRepository.Place place, BackupKeys keys, boolean choice) {
        BackupReader reader = BackupReader.open(stores.of(place.store()), place.location(), keys);
        String damage =
                choice ? reader.verify(ProofLevel.STORED, BackupProgress.NONE).damage() : null;
        if (damage != null) {
            throw new Failure.Fatal(damage + " (store " + place.store() + ").", null, null);
        }
        return new Source(place.store(), reader);
    }

    private static String words(List<CopyRepository.Place> places) {
        return places.isEmpty()
                ? ""
                : "; it does in "
                        + places.stream().map(CopyRepository.Place::store).collect(Collectors.joining(", "));
    }

    private static Failure elsewhere(
            @Nullable Failure first, List<CopyRepository.Place> tried, List<CopyRepository.Place> all) {
        if (first == null) {
            throw new IllegalStateException("no store was tried");
        }
        List<CopyRepository.Place> others =
                all.stream().filter(place -> !tried.contains(place)).toList();
        if (others.isEmpty()) {
            return first;
        }
        String remedy = "There is a copy to read: from = "
                + others.stream().map(CopyRepository.Place::store).collect(Collectors.joining(" or ")) + ".";
        if (first instanceof Failure.Unusable) {
            return new Failure.Unusable(String.valueOf(first.getMessage()), remedy, first);
        }
        return first instanceof Failure.Retryable
                ? new Failure.Retryable(first.getMessage(), remedy, first)
                : new Failure.Fatal(String.valueOf(first.getMessage()), remedy, first);
    }
}
