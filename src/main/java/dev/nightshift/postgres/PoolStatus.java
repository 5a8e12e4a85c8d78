package dev.nightshift.postgres;

import java.time.Instant;

/**
 * One open pool, for console and metrics.
 *
 * @param endpoint {@code user@host:port/database}
 * @param instance {@code host:port}
 * @param user who logs in
 * @param database as the server calls it
 * @param active connections in use
 * @param idle connections open and free
 * @param waiting callers who wait for one
 * @param lastUsed when a session was last taken or given back
 */
public record PoolStatus(
        String endpoint,
        String instance,
        String user,
        String database,
        int active,
        int idle,
        int waiting,
        Instant lastUsed) {}
