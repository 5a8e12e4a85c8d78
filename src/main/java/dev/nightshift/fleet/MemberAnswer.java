package dev.nightshift.fleet;

import dev.nightshift.postgres.Standing;
import org.jspecify.annotations.Nullable;

/**
 * What a member of an instance's cluster said of itself.
 *
 * @param standing null if it did not answer
 * @param words why it did not; null if it did
 */
record MemberAnswer(
        Member member,
        @Nullable Standing standing,
        @Nullable String words) {
    boolean isPrimary() {
        return standing != null && standing.primary();
    }

    int timeline() {
        return standing == null ? 0 : standing.timeline();
    }

    @Nullable
    String systemIdentifier() {
        return standing == null ? null : standing.systemIdentifier();
    }

    /**
     * Whether it answers for that cluster. One that does not say which it is of does not where the cluster is known: whoever
     * knew it was told by a server of it, and privileges are alike on all of them.
     *
     * @param cluster its system identifier; null while none is known, and no server is a stranger
     */
    boolean isOf(@Nullable String cluster) {
        return standing != null && (cluster == null || cluster.equals(systemIdentifier()));
    }
}
