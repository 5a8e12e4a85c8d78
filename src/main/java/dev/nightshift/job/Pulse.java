package dev.nightshift.job;

/** Fired on this node every 5 s, whether the repository answers or not: for what has to go on in an outage of it. Observed
 * asynchronously, as {@link Beat}. */
public record Pulse() {}
