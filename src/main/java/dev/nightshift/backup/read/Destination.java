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
 * @param durable whether every file is synced to disk before the restore counts as done; a sandbox need not
 * @param mark who restores: a restore that begins again under the same mark clears away what a crash left of the first
 */
public record Destination(Path data, @Nullable Path log, Map<String, Path> tablespaces, boolean durable, String mark) {
    public Destination {
        data = data.toAbsolutePath().normalize();
        tablespaces = Map.copyOf(tablespaces);
    }

    /** A destination of a restore that is not begun again. */
    public Destination(Path data, @Nullable Path log, Map<String, Path> tablespaces, boolean durable) {
        this(data, log, tablespaces, durable, UUID.randomUUID().toString());
    }

    /** Tablespaces into {@code <data>-tablespaces/<oid>}, the log into pg_wal, durable. */
    public static Destination beside(Path data, List<Manifest.Tablespace> tablespaces) {
        Path folder = data.toAbsolutePath().normalize();
        Path parent = folder.resolveSibling(folder.getFileName() + "-tablespaces");
        Map<String, Path> places = new HashMap<>();
        tablespaces.stream()
                .filter(tablespace -> !tablespace.inPlace())
                .forEach(tablespace -> places.put(tablespace.oid(), parent.resolve(tablespace.oid())));
        return new Destination(folder, null, places, true);
    }

    public Destination withLog(Path folder) {
        return new Destination(data, folder, tablespaces, durable, mark);
    }

    public Destination withDurable(boolean sync) {
        return new Destination(data, log, tablespaces, sync, mark);
    }

    public Destination withMark(String restore) {
        return new Destination(data, log, tablespaces, durable, restore);
    }
}
