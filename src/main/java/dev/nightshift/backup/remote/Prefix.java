package dev.nightshift.backup.remote;

import java.util.Map;
import java.util.Objects;
import java.util.Optional;

/**
 * Where a store lies in its bucket.
 *
 * @param text what the names of all its objects begin with there; empty where the bucket is the store's alone
 */
record Prefix(String text) {
    /** @param settings as OpenDAL takes them, see {@link RemoteAddress#settings} */
    static Prefix of(Map<String, String> settings) {
        String root = Objects.requireNonNull(settings.get("root")).substring(1);
        return new Prefix(root.isEmpty() ? "" : root + "/");
    }

    /** What an object of the store, or the beginning of some, is called in the bucket. */
    String inBucket(String name) {
        return text + name;
    }

    /** What an object of the bucket is called in the store; empty if it is none of its own. */
    Optional<String> inStore(String name) {
        return name.startsWith(text) ? Optional.of(name.substring(text.length())) : Optional.empty();
    }
}
