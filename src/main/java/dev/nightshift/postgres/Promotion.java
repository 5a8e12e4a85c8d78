package dev.nightshift.postgres;

/**
 * The end of a timeline: the server, or the primary that it follows, was promoted.
 *
 * @param timeline that it goes on with
 * @param at where the old one ends
 */
public record Promotion(int timeline, Lsn at) {}
