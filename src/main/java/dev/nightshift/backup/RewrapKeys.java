package dev.nightshift.backup;

import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.job.TargetBatchlet;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Failure;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import org.jspecify.annotations.Nullable;

/**
 * Wraps the data keys of one instance's backups and archives anew. The store comes first, the catalogue after: where one is cut off
 * in between, the next finds it done and takes note. Every description is read, whatever the catalogue says: a store that was brought
 * back from a copy holds older ones.
 */
@Named("rewrapKeys")
@Dependent
public class RewrapKeys extends TargetBatchlet {
    @Inject
    private Transactions transactions;

    @Inject
    private ProjectKeyRepository repository;

    @Inject
    private Stores stores;

    @Inject
    private Keyring keyring;

    @Inject
    private Live live;

    @Override
    protected void work(TargetRun target) {
        ProjectKeys keys = keyring.of(target.project());
        Optional<String> onlyHere = keyring.onlyHere(target.project());
        if (onlyHere.isPresent()) {
            throw new Failure.Fatal(
                    onlyHere.get(),
                    "Make a recovery kit first: without, what is wrapped anew is lost with the repository.",
                    null);
        }
        Progress progress = new Progress(target, keys);
        List<ProjectKeyRepository.Place> places =
                transactions.in(target.project(), connection -> repository.places(connection, target.instanceId()));
        target.begin(RewrapJob.BACKUPS);
        target.done(RewrapJob.BACKUPS, progress.wrap(places, false));
        target.begin(RewrapJob.LOGS);
        target.done(RewrapJob.LOGS, progress.wrap(places, true));
        target.figure("rewrapped", progress.done);
        target.figure("left", progress.left);
        progress.throwFirst();
        if (!progress.lost.isEmpty()) {
            target.warn(
                    progress.left + " of this server's backups, copies and logs open by older keys still: they lie in "
                            + String.join(", ", progress.lost) + ", declared lost.");
            return;
        }
        target.info("All " + places.size() + " kept backups, copies and logs of this server open by key " + keys.keyId()
                + ".");
    }

    /** How far one has come. A store that is away does not keep the others out, nor one that is damaged. */
    private final class Progress {
        private final TargetRun target;
        private final ProjectKeys keys;
        private final StoresAway away = new StoresAway();
        private final Set<String> lost = new TreeSet<>();
        private long done;
        private long left;
        private Failure.@Nullable Fatal damaged;

        Progress(TargetRun target, ProjectKeys keys) {
            this.target = target;
            this.keys = keys;
        }

        /** Answers what it did, in a few words. */
        String wrap(List<ProjectKeyRepository.Place> places, boolean log) {
            List<ProjectKeyRepository.Place> those = places.stream()
                    .filter(each -> each.described().log() == log)
                    .toList();
            long before = done;
            for (int at = 0; at < those.size(); at++) {
                target.throwIfStopped();
                target.progress(at, (long) those.size(), log ? "logs" : "backups", null);
                wrap(those.get(at));
            }
            return done - before + " of " + those.size() + " wrapped anew";
        }

        private void wrap(ProjectKeyRepository.Place place) {
            if (away.has(place.store())) {
                left++;
                return;
            }
            if (stores.isLost(place.store())) {
                lost.add(place.store());
                left++;
                return;
            }
            try {
                Store store = stores.of(place.store());
                // Only while this attempt still has the target
                boolean anew = place.described().rewrap(store, keys, () -> target.store(connection -> {}));
                if (anew || (!place.copy() && !place.keyId().equals(keys.keyId()))) {
                    if (!place.copy()) {
                        target.store(connection -> repository.wrapped(connection, place, keys.keyId()));
                    }
                    done++;
                    live.changed(target.project(), "backup", place.described().id());
                }
            } catch (Failure.Retryable | Failure.Skippable | Failure.Unusable e) {
                left++;
                away.add(place.store(), e);
                target.error("The store " + place.store() + " is left out: " + e.getMessage());
            } catch (Failure.Fatal | Failure.NotFound e) {
                left++;
                target.error(place.described().object() + " is not wrapped anew: " + e.getMessage());
                damaged = damaged != null
                        ? damaged
                        : new Failure.Fatal(
                                place.described().object() + " in " + place.store() + " is not wrapped anew: "
                                        + e.getMessage(),
                                e.remedy(),
                                e);
            }
        }

        void throwFirst() {
            if (!away.isEmpty()) {
                throw away.failure(
                        left + " of this server's backups and logs may still open by an older key. Not reached: "
                                + away.names() + ".",
                        "Restart the run when the store answers; the older keys stay until then.");
            }
            if (damaged != null) {
                throw damaged;
            }
        }
    }
}
