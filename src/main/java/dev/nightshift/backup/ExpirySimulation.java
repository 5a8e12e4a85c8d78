package dev.nightshift.backup;

import dev.nightshift.backup.expiry.ExpiryPlan;
import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Supplier;
import org.jspecify.annotations.Nullable;

/** What expiry would do to an instance by a rule, planned as it plans, and measured in the stores. Changes nothing. */
@ApplicationScoped
class ExpirySimulation {
    @Inject
    private ExpiryPlanning planning;

    @Inject
    private Stores stores;

    /**
     * What becomes of a backup.
     *
     * @param because why it stays; empty if it goes
     * @param bytes of one that goes: all of its objects and its copies', as their stores list them; null of one that stays
     * @param locks what keeps some of those bytes in which stores although they would be deleted, as sentences' parts
     */
    record Line(
            Backup backup, List<String> because, @Nullable Long bytes, List<String> locks) {}

    /**
     * What would be.
     *
     * @param lines the newest first
     * @param windowFrom what stays restores back to there; null if nothing stays that does
     */
    record Outcome(
            List<Line> lines, long logBytes, @Nullable Instant windowFrom) {
        long bytes() {
            return lines.stream()
                    .map(Line::bytes)
                    .mapToLong(bytes -> bytes == null ? 0 : bytes)
                    .sum();
        }
    }

    /** So many backups at most are looked up in their stores for one answer. */
    static final class Budget {
        private static final int MOST = 2_000;
        private int left = MOST;

        /** @throws Failure.Invalid if it is spent */
        void take() {
            if (left-- == 0) {
                throw new Failure.Invalid(
                        "databases",
                        "More than " + MOST
                                + " backups and archives, too many to plan them all for one answer. Simulate for fewer"
                                + " databases, or start the job expire without apply.");
            }
        }
    }

    /**
     * Simulates.
     *
     * @throws Failure.Retryable if a store does not answer
     * @throws Failure.Fatal if the clocks differ
     */
    Outcome of(ProjectId project, UUID instance, KeepRule rule, Budget budget) {
        ExpiryPlanning.Planned planned = planning.plan(project, instance, rule);
        List<Line> lines = new ArrayList<>();
        Set<String> silent = new HashSet<>();
        for (ExpiryPlan.Verdict verdict : planned.plan().verdicts()) {
            budget.take();
            Backup backup = planned.of(verdict.backup().id());
            Long bytes = null;
            List<String> locks = new ArrayList<>();
            if (!verdict.stays()) {
                bytes = bytes(backup.store(), backup.location());
                lock(backup.store(), backup.location(), silent).ifPresent(locks::add);
                for (Backup.Copy copy : backup.copies()) {
                    budget.take();
                    bytes += bytes(copy.store(), copy.location());
                    lock(copy.store(), copy.location(), silent).ifPresent(locks::add);
                }
            }
            lines.add(new Line(backup, verdict.because(), bytes, locks));
        }
        return new Outcome(
                lines,
                log(project, instance, planned, budget),
                planned.windowFrom().orElse(null));
    }

    /**
     * Within a sentence: {@code "offsite, locked until 2026-12-24T02:00:00Z"}.
     *
     * @param silent stores that did not say: they are not asked again, and what would go is planned without it
     */
    Optional<String> lock(String store, String location, Set<String> silent) {
        return stores.isLost(store) ? Optional.empty() : lock(store, () -> stores.of(store), location, silent);
    }

    static Optional<String> lock(String name, Supplier<Store> store, String location, Set<String> silent) {
        if (silent.contains(name)) {
            return Optional.empty();
        }
        try {
            return store.get().lock(location + "/").map(lock -> name + ", " + lock.words());
        } catch (Failure e) {
            silent.add(name);
            return Optional.empty();
        }
    }

    private long bytes(String store, String location) {
        if (stores.isLost(store)) {
            return 0;
        }
        return stores.of(store).taking(location + "/").stream()
                .mapToLong(Store.Entry::bytes)
                .sum();
    }

    /**
     * What of the archived log would go with a plan's backups, as the stores list it.
     *
     * @throws Failure.Retryable if a store does not answer
     */
    long log(ProjectId project, UUID instance, ExpiryPlanning.Planned planned, Budget budget) {
        long bytes = 0;
        for (WalRepository.Archive archive : planning.archives(project, instance)) {
            if (stores.isLost(archive.store())) {
                continue;
            }
            budget.take();
            Optional<Lsn> needed = planned.firstNeeded(archive.systemIdentifier());
            bytes += needed.isEmpty() ? 0 : log(project, archive, needed.get());
            for (LogCopyRepository.Copy copy : planning.copies(project, instance)) {
                if (needed.isPresent() && copy.archive().equals(archive.id()) && !stores.isLost(copy.store())) {
                    budget.take();
                    bytes += log(project, archive, copy, needed.get());
                }
            }
        }
        return bytes;
    }

    private long log(ProjectId project, WalRepository.Archive archive, LogCopyRepository.Copy copy, Lsn needed) {
        try {
            ExpiryPlanning.Cut cut = planning.cut(project, archive, copy, needed);
            return cut.log().trim(cut.from(), false).bytes();
        } catch (Failure.NotFound e) {
            return 0;
        }
    }

    /** An archive that is not in its store any more frees nothing. */
    private long log(ProjectId project, WalRepository.Archive archive, Lsn needed) {
        try {
            Optional<ExpiryPlanning.Cut> cut = planning.cut(project, archive, needed);
            return cut.isEmpty()
                    ? 0
                    : cut.get().log().trim(cut.get().from(), false).bytes();
        } catch (Failure.NotFound e) {
            return 0;
        }
    }
}
