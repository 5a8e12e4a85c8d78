package dev.nightshift.access;

import dev.nightshift.kernel.ProjectId;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/**
 * Something about access that the audit log must hold. Fired synchronously within the transaction of the change: the
 * audit package stands on this one, so this one cannot call it.
 *
 * @param who null for the running request's caller; a login has none yet
 */
public record AccessChange(
        @Nullable ProjectId project, @Nullable Actor who, String action, String object, Map<String, ?> details) {
    /** Somebody named by other means than a login. */
    public record Actor(
            String name, Caller.Kind kind, @Nullable String address) {}
}
