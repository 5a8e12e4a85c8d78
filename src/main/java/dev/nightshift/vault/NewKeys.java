package dev.nightshift.vault;

/**
 * Keys of a project that are about to be its own, and are stored nowhere yet.
 *
 * @param wrapped as the repository is to store them
 * @param key which wrapped them
 */
public record NewKeys(ProjectKeys keys, String wrapped, MasterKey key) {}
