package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.Manifest;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Where a restored cluster goes. Every folder is new or empty.
 *
 * @param data the data folder
 * @param log a folder for the log's segments, to be fed by restore_command; null to put them into pg_wal
 * @param tablespaces where each of them goes, by oid; those inside the data folder need no entry
 * @param configuration where postgresql.conf and its like go if the source keeps them outside of its data folder; null for
 *     a sandbox, which brings its own, and whose cluster is left as it was backed up
 * @param durable whether every file is synced to disk before the restore counts as done; a sandbox need not
 * @param mark who restores: a restore that begins again under the same mark clears away what a crash left of the first
 */
public record Destination(
        Path data,
        @Nullable Path log,
        Map<String, Path> tablespaces,
        @Nullable Path configuration,
        boolean durable,
        String mark) {
    public Destination {
        data = data.toAbsolutePath().normalize();
        configuration =
                configuration == null ? null : configuration.toAbsolutePath().normalize();
        tablespaces = Map.copyOf(tablespaces);
    }

    /** A destination of a restore that is not begun again, and whose cluster is left as it was backed up. */
    public Destination(Path data, @Nullable Path log, Map<String, Path> tablespaces, boolean durable) {
        this(data, log, tablespaces, null, durable, UUID.randomUUID().toString());
    }

    /**
     * For people: tablespaces into {@code <data>-tablespaces/<oid>}, configuration that the backup's files lack into {@code
     * <data>-configuration}, the log into pg_wal, durable, and in nobody's way when it is started.
     */
    public static Destination beside(Path data, List<Manifest.Tablespace> tablespaces) {
        Path folder = data.toAbsolutePath().normalize();
        Path parent = folder.resolveSibling(folder.getFileName() + "-tablespaces");
        Map<String, Path> places = new HashMap<>();
        tablespaces.stream()
                .filter(tablespace -> !tablespace.inPlace())
                .forEach(tablespace -> places.put(tablespace.oid(), parent.resolve(tablespace.oid())));
        return new Destination(
                folder,
                null,
                places,
                folder.resolveSibling(folder.getFileName() + "-configuration"),
                true,
                UUID.randomUUID().toString());
    }

    public Destination withLog(Path folder) {
        return new Destination(data, folder, tablespaces, configuration, durable, mark);
    }

    public Destination withDurable(boolean sync) {
        return new Destination(data, log, tablespaces, configuration, sync, mark);
    }

    public Destination withMark(String restore) {
        return new Destination(data, log, tablespaces, configuration, durable, restore);
    }
}
