package dev.nightshift.backup;

import dev.nightshift.kernel.Failure;
import java.util.LinkedHashMap;
import java.util.Map;

/** The stores that a run could not use, each with the reason it met there first. */
final class StoresAway {
    private final Map<String, Failure> reasons = new LinkedHashMap<>();

    void add(String store, Failure why) {
        reasons.putIfAbsent(store, why);
    }

    boolean has(String store) {
        return reasons.containsKey(store);
    }

    boolean isEmpty() {
        return reasons.isEmpty();
    }

    /** Joined by commas. */
    String names() {
        return String.join(", ", reasons.keySet());
    }

    /**
     * What the run ends with. As long as one of them may come back it is tried again; where all that is left are refusals, that would
     * only meet them again.
     *
     * @param what is not done because of them, before the reason
     * @param whenBack what to do when they answer
     */
    Failure failure(String what, String whenBack) {
        for (Failure each : reasons.values()) {
            if (!(each instanceof Failure.Unusable)) {
                return new Failure.Retryable(what + " " + each.getMessage(), whenBack, each);
            }
        }
        Failure refusal = reasons.values().iterator().next();
        return new Failure.Unusable(
                what + " " + refusal.getMessage(),
                refusal.remedy() == null ? whenBack : refusal.remedy() + " " + whenBack,
                refusal);
    }
}
