/**
 * Everything that is said to the PostgreSQL servers of the fleet: sessions with deadlines and cancel, what their
 * catalogs hold, the replication protocol, and what the versions differ in. Knows nothing of projects or runs.
 */
@NullMarked
package dev.nightshift.postgres;

import org.jspecify.annotations.NullMarked;
