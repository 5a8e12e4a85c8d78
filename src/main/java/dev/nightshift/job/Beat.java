package dev.nightshift.job;

/** Fired on this node after every heartbeat that reached the repository: the pulse for what is done regularly. Observed
 * asynchronously: a slow observer must not hold up the next heartbeat. */
public record Beat() {}
