package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.Described;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.BackupKeys;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/** What a copy of a store holds of one project. */
final class StoreList {
    private StoreList() {}

    /**
     * Prints a line for each backup and each archived log that the keys open, and for each that they should and do not.
     *
     * @throws Failure.NotFound if there is none
     * @throws Failure.Fatal at the end, if any does not open
     */
    static void print(Path folder, BackupKeys keys, PrintStream out) {
        if (!Files.isDirectory(folder)) {
            throw new Failure.NotFound("There is no folder " + folder + ".");
        }
        Store store = new FolderStore(folder);
        List<Described> all = Described.in(store);
        if (all.isEmpty()) {
            throw new Failure.NotFound("Nothing lies in " + folder
                    + " as in a store: backups are in <store>/<project>/<server>/<backup id>/.");
        }
        int others = 0;
        int broken = 0;
        for (Described each : all) {
            try {
                if (!each.isOf(store, keys.project())) {
                    others++;
                    continue;
                }
                out.println(each.folder() + "  " + (each.log() ? log(store, each, keys) : backup(store, each, keys)));
            } catch (Failure.Fatal e) {
                broken++;
                out.println(each.folder() + "  DOES NOT OPEN: " + e.getMessage());
            }
        }
        if (others > 0) {
            out.println(others + " of other projects, or that say nothing which can be read, are not listed.");
        }
        if (broken > 0) {
            throw new Failure.Fatal(
                    broken + " of " + (all.size() - others) + " do not open.", "Use other copies of them.", null);
        }
    }

    private static String backup(Store store, Described each, BackupKeys keys) {
        Manifest manifest = BackupReader.open(store, each.folder(), keys).manifest();
        Manifest.Dump dump = manifest.dump();
        return manifest.lineage().kind().word() + " backup "
                + (dump == null
                        ? ""
                        : (dump.selection().isAll() ? "of database " : "of a part of database ") + dump.dbname() + " ")
                + "of " + manifest.startedAt() + ", PostgreSQL "
                + manifest.source().serverVersion() + ", cluster "
                + manifest.source().systemIdentifier() + ", "
                + new Bytes(manifest.figures().bytesStored())
                + (manifest.lineage().parent() == null
                        ? ""
                        : ", needs " + manifest.lineage().parent());
    }

    private static String log(Store store, Described each, BackupKeys keys) {
        WalFolder.Opened opened = WalFolder.open(store, each.folder(), keys);
        StringBuilder text = new StringBuilder("log of cluster "
                + opened.description().systemIdentifier() + " since "
                + opened.description().createdAt());
        for (ArchivedLog.Stretch stretch : StoredLog.of(opened).stretches()) {
            text.append(", timeline " + stretch.timeline() + " from " + stretch.from() + " to " + stretch.to());
        }
        return text.toString();
    }
}
