package dev.nightshift.backup.stored;

import java.util.List;
import java.util.Set;
import java.util.UUID;

/** What interrupted backups left in a store: folders with objects but without a manifest. Never backups. */
public final class Leftovers {
    private static final int DEPTH = 3;

    private Leftovers() {}

    /**
     * Folders that look like an interrupted backup.
     *
     * @param running backups that are being taken now, by any node: they have no manifest yet either
     */
    public static List<String> find(Store store, Set<UUID> running) {
        return store.folders(DEPTH).stream()
                .filter(folder -> running.stream().noneMatch(id -> folder.endsWith("/" + id)))
                .filter(folder -> store.size(folder + "/" + Manifest.NAME).isEmpty())
                .toList();
    }

    /** Deletes them; answers what it deleted. */
    public static List<String> remove(Store store, Set<UUID> running) {
        List<String> found = find(store, running);
        found.forEach(store::deleteFolder);
        return found;
    }
}
