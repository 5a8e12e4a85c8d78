package dev.nightshift.backup.stored;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Set;

/** What lies in the folder of a {@link FolderStore}, while others write and delete there. */
final class FolderListing {
    /** Beside the projects' folders, what holds no backups. */
    static final Set<String> OWN = Set.of(FolderStore.CHECKS, StoreLeases.FOLDER);

    private final Path root;

    FolderListing(Path root) {
        this.root = root;
    }

    private String name(Path file) {
        return root.relativize(file).toString().replace(root.getFileSystem().getSeparator(), "/");
    }

    /** Every committed file below a folder whose name begins so, sorted. */
    List<Store.Entry> entries(Path from, String prefix) throws IOException {
        List<Store.Entry> found = new ArrayList<>();
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            /** Of a log that is thousands of folders, where one file is looked for. */
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes is) {
                return folder.equals(from) || name(folder).startsWith(prefix)
                        ? FileVisitResult.CONTINUE
                        : FileVisitResult.SKIP_SUBTREE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes is) {
                if (is.isRegularFile()
                        && !file.toString().endsWith(ObjectName.PARTIAL)
                        && name(file).startsWith(prefix)) {
                    found.add(new Store.Entry(name(file), is.size()));
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException) {
                    return FileVisitResult.CONTINUE; // deleted since its folder was read
                }
                throw e;
            }
        });
        found.sort(Comparator.comparing(Store.Entry::name));
        return found;
    }

    /** The folders so deep, sorted. */
    List<String> folders(int depth) throws IOException {
        List<String> found = new ArrayList<>();
        Files.walkFileTree(root, Set.of(), depth, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path folder, BasicFileAttributes is) {
                return !folder.equals(root) && OWN.contains(name(folder))
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            /** At the depth that is asked for a folder counts as a file. */
            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes is) {
                if (root.relativize(file).getNameCount() == depth && Files.isDirectory(file)) {
                    found.add(name(file));
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException e) throws IOException {
                if (e instanceof NoSuchFileException && !file.equals(root)) {
                    return FileVisitResult.CONTINUE; // deleted since its folder was read
                }
                if (OWN.contains(name(file))) {
                    return FileVisitResult.CONTINUE; // of another user of the machine, and no backup's
                }
                throw e;
            }
        });
        found.sort(Comparator.naturalOrder());
        return found;
    }
}
