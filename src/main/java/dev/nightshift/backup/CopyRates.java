package dev.nightshift.backup;

import dev.nightshift.backup.stored.PacedStore;
import dev.nightshift.backup.stored.RateLimit;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.job.TargetRun;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.HashMap;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;
import org.jspecify.annotations.Nullable;

/** The limits that runs set to what their copies read. */
@ApplicationScoped
class CopyRates {
    private final Map<UUID, Shared> limits = new HashMap<>();

    /** A limit, and how many targets are at work by it. */
    private static final class Shared {
        private final RateLimit limit;
        private int targets;

        Shared(RateLimit limit) {
            this.limit = limit;
        }
    }

    /** What a target reads its sources through; closed when it has read. */
    final class Reading implements UnaryOperator<Store>, AutoCloseable {
        private final UUID whose;
        private final @Nullable RateLimit limit;
        private final Runnable check;

        private Reading(UUID whose, @Nullable RateLimit limit, Runnable check) {
            this.whose = whose;
            this.limit = limit;
            this.check = check;
        }

        /** Null where there is none. */
        @Nullable
        RateLimit limit() {
            return limit;
        }

        @Override
        public Store apply(Store store) {
            return limit == null ? store : new PacedStore(store, limit, check);
        }

        @Override
        public void close() {
            if (limit != null) {
                leave(whose);
            }
        }
    }

    /** Of the target's own run, as what it takes from its server is. */
    Reading alone(TargetRun target) {
        return of(target.targetId(), RateParameter.kilobytes(target.parameters()), target::throwIfStopped);
    }

    /** Shared by the run's targets that this node works on at once. */
    Reading of(TargetRun target) {
        return of(target.runId(), RateParameter.kilobytes(target.parameters()), target::throwIfStopped);
    }

    /**
     * Joins a limit.
     *
     * @param whose the run or the target that has it
     * @param kilobytes a second; 0 for none
     * @param check run while a reader waits; what it throws ends the reading
     */
    Reading of(UUID whose, int kilobytes, Runnable check) {
        if (kilobytes == 0) {
            return new Reading(whose, null, check);
        }
        synchronized (limits) {
            Shared shared = limits.computeIfAbsent(whose, id -> new Shared(new RateLimit(kilobytes)));
            shared.targets++;
            return new Reading(whose, shared.limit, check);
        }
    }

    private void leave(UUID whose) {
        synchronized (limits) {
            Shared shared = limits.get(whose);
            if (shared != null && --shared.targets == 0) {
                limits.remove(whose);
            }
        }
    }
}
