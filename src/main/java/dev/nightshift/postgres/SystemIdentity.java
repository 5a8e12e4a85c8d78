package dev.nightshift.postgres;

/**
 * Which cluster answers, and where its log stands (IDENTIFY_SYSTEM).
 *
 * @param systemIdentifier of the cluster, unsigned decimal; a copy restored from a backup has the same one
 * @param timeline increased by every promotion
 * @param flushed how far the log is on disk
 */
public record SystemIdentity(String systemIdentifier, int timeline, Lsn flushed) {}
