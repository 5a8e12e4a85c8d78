package dev.nightshift.backup.read;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.io.IOException;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SyncedFilesTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    @Test
    void allThatWereAddedAreDoneWhenItSaysSo() throws IOException {
        List<FileChannel> files = new ArrayList<>();
        try (SyncedFiles synced = new SyncedFiles()) {
            for (int number = 0; number < 300; number++) {
                FileChannel file = file("file-" + number);
                files.add(file);
                synced.add(file);
            }
            synced.await();
            assertEquals(0, files.stream().filter(FileChannel::isOpen).count());
        }
    }

    @Test
    void oneThatCannotBeSyncedIsToldEachTime() throws IOException {
        FileChannel unwritable = file("unwritable");
        unwritable.close();
        FileChannel later = file("later");
        try (SyncedFiles synced = new SyncedFiles()) {
            synced.add(unwritable);
            assertThrows(IOException.class, synced::await);
            assertThrows(IOException.class, () -> synced.add(later));
            assertThrows(IOException.class, synced::await);
        }
        assertFalse(later.isOpen());
    }

    private FileChannel file(String name) throws IOException {
        return FileChannel.open(folder.resolve(name), StandardOpenOption.CREATE_NEW, StandardOpenOption.WRITE);
    }
}
