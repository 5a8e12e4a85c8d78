package dev.nightshift.vault;

/**
 * Keys of a project that is about to be registered; they are stored nowhere yet.
 *
 * @param wrapped as the repository is to store them
 * @param key which wrapped them
 */
public record NewKeys(ProjectKeys keys, String wrapped, MasterKey key) {}
