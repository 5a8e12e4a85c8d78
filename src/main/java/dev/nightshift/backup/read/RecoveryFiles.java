package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Manifest;
import java.io.BufferedInputStream;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Arrays;

/**
 * Writes the archived log that a recovery needs beside the backup's own, and reads all of it on the way as the server will:
 * no segment behind the target is fetched.
 */
final class RecoveryFiles implements Recovery.Opener {
    private static final int BUFFER = 1 << 18;

    private final Recovery recovery;
    private final RecoveryPlan plan;
    private final Path folder;
    private final Creator creator;
    private final BackupProgress progress;
    private final long total;
    private long done;

    /** Makes a file that is not there yet. */
    interface Creator {
        FileTaker.Content create(Path file) throws IOException;
    }

    /** @param folder that holds the backup's own log already */
    RecoveryFiles(Recovery recovery, Path folder, Creator creator, BackupProgress progress) {
        this.recovery = recovery;
        this.plan = recovery.plan();
        this.folder = folder;
        this.creator = creator;
        this.progress = progress;
        this.total = plan.archivedBytes();
    }

    /**
     * Writes and reads.
     *
     * @throws Failure.Fatal if recovery would not come to the target
     * @throws IOException if the archive or the folder failed; a {@link DamageException} where something is not what it was
     */
    RecoveryEnd write(Manifest manifest) throws IOException {
        progress.phase(BackupProgress.Phase.RECORDS);
        histories();
        return recovery.end(recovery.walk(manifest, this));
    }

    /** All that are known, with and without log: the server looks for a timeline's number that is not taken yet. */
    private void histories() throws IOException {
        for (int timeline : recovery.archive().timelinesWithHistory()) {
            String text = recovery.archive().history(timeline).orElse("");
            if (!text.isEmpty()) {
                byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
                put(String.format("%08X.history", timeline), new ByteArrayInputStream(bytes), bytes.length);
            }
        }
    }

    @Override
    public InputStream open(RecoveryPlan.Segment segment) throws IOException {
        String name = segment.name(plan.segmentBytes());
        if (segment.archived()) {
            try (InputStream in = recovery.open(segment)) {
                put(name, in, plan.segmentBytes());
            }
            done += segment.bytes();
            progress.bytes(done, Math.max(done, total));
        }
        try {
            return new BufferedInputStream(Files.newInputStream(folder.resolve(name)), BUFFER);
        } catch (NoSuchFileException e) {
            throw new DamageException("The backup holds no segment " + name + " of its log", e);
        }
    }

    /** In place of what may be there, filled up with zeros: the server takes no shorter file. */
    private void put(String name, InputStream in, int length) throws IOException {
        Path file = folder.resolve(name);
        Files.deleteIfExists(file);
        byte[] buffer = new byte[BUFFER];
        int left = length;
        try (FileTaker.Content content = creator.create(file)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                content.write(buffer, count);
                left -= count;
            }
            Arrays.fill(buffer, (byte) 0);
            while (left > 0) {
                int count = Math.min(left, buffer.length);
                content.write(buffer, count);
                left -= count;
            }
        }
    }
}
