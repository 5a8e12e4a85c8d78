package dev.nightshift.backup.adopted;

import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Page;
import java.time.Instant;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * A backup's place in the list of a project: the newest come first, and of two of one moment those of one instance and tool stand
 * together. As text, which is the {@code next} of a page, these four with commas between.
 *
 * @param at when it ended; when it was told of, if it was not over then
 */
record ListedPlace(Instant at, UUID instance, ToolReport.Tool tool, String label) {
    /**
     * The place after which a page begins; null for the first page.
     *
     * @throws dev.nightshift.kernel.Failure.Invalid if it is none
     */
    static @Nullable ListedPlace after(@Nullable String after) {
        if (after == null || after.isBlank()) {
            return null;
        }
        String[] parts = after.split(",", 4);
        Instant at = Asked.time("after", parts[0]);
        if (parts.length < 4 || at == null) {
            throw Page.notTheNext();
        }
        try {
            return new ListedPlace(at, UUID.fromString(parts[1]), ToolReport.Tool.valueOf(parts[2]), parts[3]);
        } catch (IllegalArgumentException e) {
            throw Page.notTheNext();
        }
    }

    @Override
    public String toString() {
        return at + "," + instance + "," + tool + "," + label;
    }
}
