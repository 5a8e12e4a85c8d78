package dev.nightshift.job;

/** Fired on this node after every heartbeat that reached the repository: the pulse for what is measured regularly. */
public record Beat() {}
