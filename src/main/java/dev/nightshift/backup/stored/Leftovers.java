package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import java.lang.System.Logger.Level;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.stream.Collectors;

/** What interrupted backups left in a store: folders with objects but without a manifest. Never backups. */
public final class Leftovers {
    private static final System.Logger LOG = System.getLogger(Leftovers.class.getName());
    private static final int DEPTH = 3;

    private Leftovers() {}

    /** Every backup's folder by the backup's id, whole or not; the whole one where a copy was cut off. */
    public static Map<UUID, String> folders(Store store) {
        return store.folders(DEPTH).stream()
                .filter(folder -> isId(folder.substring(folder.lastIndexOf('/') + 1)))
                .collect(Collectors.toMap(
                        folder -> UUID.fromString(folder.substring(folder.lastIndexOf('/') + 1)),
                        folder -> folder,
                        (one, other) -> isWhole(store, other) && !isWhole(store, one) ? other : one));
    }

    private static boolean isId(String name) {
        try {
            return UUID.fromString(name).toString().equals(name);
        } catch (IllegalArgumentException e) {
            return false; // of somebody else
        }
    }

    public static boolean isWhole(Store store, String folder) {
        return store.size(folder + "/" + Manifest.NAME).isPresent();
    }

    /** Folders that look like an interrupted backup; one that is being taken now looks the same. */
    public static List<String> find(Store store) {
        return folders(store).values().stream()
                .filter(folder -> !isWhole(store, folder))
                .sorted()
                .toList();
    }

    /**
     * Deletes those that nobody works on any more; answers what it deleted. One that cannot be deleted keeps no other out.
     *
     * @param ended answers which of these backups are over. It is asked once the folders are known: a backup that begins
     *     meanwhile is not among them, and one that ends meanwhile has its manifest when that is looked for
     */
    public static List<String> remove(Store store, UnaryOperator<Collection<UUID>> ended) {
        Map<UUID, String> folders = folders(store);
        List<String> left = ended.apply(folders.keySet()).stream()
                .map(folders::get)
                .filter(folder -> folder != null && !isWhole(store, folder))
                .sorted()
                .toList();
        return left.stream().filter(folder -> isDeleted(store, folder)).toList();
    }

    private static boolean isDeleted(Store store, String folder) {
        try {
            store.deleteFolder(folder);
            return true;
        } catch (Failure e) {
            LOG.log(
                    level(store, folder, e),
                    "{0} of the {1}, which an interrupted backup had left, stays for now: {2}",
                    folder,
                    store,
                    e.getMessage());
            return false;
        }
    }

    /**
     * How loudly it is told that a folder is not deleted: what is locked until some time is not each time that it is tried, and goes
     * after that. A hold ends only when a person ends it.
     */
    public static Level level(Store store, String folder, Failure refused) {
        return refused instanceof Failure.Unusable
                        && store.kept(folder + "/", refused)
                                .filter(lock -> !lock.held())
                                .isPresent()
                ? Level.DEBUG
                : Level.WARNING;
    }
}
