package dev.nightshift.backup;

import dev.nightshift.backup.read.StoredLog;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.backup.wal.CopyWal;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** Copies the archived log behind the backups that lie in a store to that store, so that it alone leads to any later point. */
@ApplicationScoped
class CopyLogs {
    /** The others are in the same archive, and the next run names those that are left. */
    private static final int MOST_TOLD = 50;

    private static final int MOST_STRETCHES = 10_000;

    @Inject
    private Stores stores;

    @Inject
    private LogCopyRepository repository;

    @Inject
    private WalRepository logs;

    @Inject
    private CopyToStore copies;

    @Inject
    private Keyring keyring;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    /** What was done: objects sent, objects that were there already, and bytes that all the copies have. */
    record Sum(long sent, long found, long bytes, int archives) {
        static final Sum NOTHING = new Sum(0, 0, 0, 0);

        Sum plus(CopyWal.Result one) {
            return new Sum(sent + one.sent(), found + one.found(), bytes + one.bytes(), archives + 1);
        }

        /** As the step's end says it. */
        String words(String store) {
            return archives == 0 ? "no log is archived elsewhere" : new Bytes(bytes) + " in " + store;
        }

        void figures(TargetRun target) {
            target.figure("logObjectsSent", sent);
            target.figure("logObjectsFound", found);
            target.figure("logStoredBytes", bytes);
        }
    }

    /** An archive, and from where on its log is needed. */
    private record Wanted(WalRepository.Archive archive, Lsn needed) {}

    /**
     * Copies what of the log the backups in the store need, and what follows them. An archive that cannot be copied does not keep
     * the others out, nor a damaged object the other objects.
     *
     * @param reading what the stores that are copied from are read through
     * @throws Failure.Fatal the first reason why something could not be copied, when all else is
     * @throws Failure.Retryable if a store cannot be used now
     */
    Sum copy(TargetRun target, String store, UnaryOperator<Store> reading) {
        Sum sum = Sum.NOTHING;
        Failure first = null;
        for (Wanted wanted : wanted(target, store)) {
            target.throwIfStopped();
            if (stores.isLost(wanted.archive().store())) {
                target.warn("The archived log " + wanted.archive().location() + " is not copied: it lies in the store "
                        + wanted.archive().store() + ", which is declared lost.");
                continue;
            }
            try {
                CopyWal.Result result = one(target, wanted, store, reading);
                sum = sum.plus(result);
                first = first == null ? refused(target, result, store) : first;
            } catch (Failure.Fatal | Failure.NotFound | Failure.Conflict | Failure.Retryable e) {
                target.error("The archived log " + wanted.archive().location() + " is not copied to the store " + store
                        + ": " + e.getMessage());
                // As long as one may come back, all are tried again
                first = first == null || (e instanceof Failure.Retryable && !(first instanceof Failure.Retryable))
                        ? e
                        : first;
            }
        }
        if (first != null) {
            throw first;
        }
        return sum;
    }

    /** Of each cluster the archives that are one log, but for those in this store itself. */
    private List<Wanted> wanted(TargetRun target, String store) {
        return transactions.in(target.project(), connection -> {
            List<WalRepository.Archive> archives = logs.archives(connection, target.instanceId());
            UUID current = logs.service(connection, target.project(), target.instanceId())
                    .flatMap(WalService::streamsTo)
                    .orElse(null);
            List<Wanted> wanted = new ArrayList<>();
            for (Map.Entry<String, Lsn> each : repository
                    .firstNeeded(connection, target.instanceId(), store)
                    .entrySet()) {
                for (WalRepository.Archive archive : WalArchives.joinable(archives, each.getKey(), current)) {
                    List<WalRepository.Stretch> all = logs.stretches(connection, archive.id(), MOST_STRETCHES);
                    boolean old = !all.isEmpty()
                            && all.stream().allMatch(one -> one.to().compareTo(each.getValue()) <= 0);
                    if (!old && !archive.store().equals(store)) {
                        wanted.add(new Wanted(archive, each.getValue()));
                    }
                }
            }
            return wanted;
        });
    }

    private CopyWal.Result one(TargetRun target, Wanted wanted, String store, UnaryOperator<Store> reading) {
        WalRepository.Archive archive = wanted.archive();
        Store from = reading.apply(stores.of(archive.store()));
        Store to = stores.of(store);
        copies.refuseUnmounted(target, to, store);
        copies.refuseSamePlace(to, store, Stream.of(archive.store()), "the log is archived in");
        copies.refuseSamePlace(to, store, others(target, archive, store), "another copy of the log lies in");
        UUID fresh = Ids.next(clock);
        UUID[] id = new UUID[1];
        target.store(connection -> id[0] = repository.begin(
                connection, fresh, target.project(), target.runId(), archive.id(), store, archive.location()));
        UUID copy = Objects.requireNonNull(id[0]);
        List<LogCopyRepository.Stretch> before =
                transactions.in(target.project(), connection -> repository.stretches(connection, copy));
        // Before the archive is listed, which holds no less then
        List<LogCopyRepository.Stretch> moments = Stream.concat(
                        transactions
                                .in(
                                        target.project(),
                                        connection -> logs.stretches(connection, archive.id(), MOST_STRETCHES))
                                .stream()
                                .map(LogCopyRepository.Stretch::of),
                        before.stream())
                .toList();
        CopyWal.Result result = new CopyWal(
                        from, to, archive.location(), keyring.of(target.project()), new StoppableProgress(target, 0))
                .run(
                        wanted.needed(),
                        before.stream().map(LogCopyRepository.Stretch::plain).toList(),
                        () -> target.store(connection -> repository.described(connection, copy)),
                        there -> note(target, copy, archive.segmentBytes(), moments, there));
        target.info("Copied the archived log " + archive.location() + " to the store " + store + ": " + result.sent()
                + " objects sent, " + result.found() + " found there, " + new Bytes(result.bytes())
                + " by its listing.");
        return result;
    }

    private Stream<String> others(TargetRun target, WalRepository.Archive archive, String store) {
        return transactions
                .in(target.project(), connection -> repository.copies(connection, target.instanceId()))
                .stream()
                .filter(copy -> copy.archive().equals(archive.id()))
                .map(LogCopyRepository.Copy::store)
                .filter(name -> !name.equals(store));
    }

    private void note(
            TargetRun target,
            UUID copy,
            int segmentBytes,
            List<LogCopyRepository.Stretch> moments,
            List<Store.Entry> there) {
        List<LogCopyRepository.Stretch> stretches = StoredLog.stretches(there, segmentBytes).stream()
                .map(each -> new LogCopyRepository.Stretch(
                        each.timeline(),
                        each.from(),
                        each.to(),
                        LogCopyRepository.Stretch.covered(moments, each.timeline(), each.to())
                                .orElse(null)))
                .toList();
        long bytes = there.stream().mapToLong(Store.Entry::bytes).sum();
        target.store(
                connection -> repository.holds(connection, target.project(), copy, stretches, there.size(), bytes));
    }

    /** Names every object that was not copied; null if all were. */
    private static @Nullable Failure refused(TargetRun target, CopyWal.Result result, String store) {
        List<CopyWal.Refusal> refusals = result.refusals();
        refusals.stream().limit(MOST_TOLD).forEach(each -> target.error(each.why()));
        if (refusals.isEmpty()) {
            return null;
        }
        if (refusals.size() > MOST_TOLD) {
            target.error((refusals.size() - MOST_TOLD) + " more objects are not copied.");
        }
        CopyWal.Refusal first = refusals.get(0);
        return new Failure.Fatal(
                refusals.size() == 1
                        ? first.why()
                        : refusals.size() + " objects of the archived log are not in the store " + store
                                + " as they should be. " + first.why(),
                first.remedy(),
                null);
    }
}
