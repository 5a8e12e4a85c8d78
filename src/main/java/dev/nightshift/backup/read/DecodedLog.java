package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.postgres.Lsn;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.io.PrintStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/** An archive's log as the files that a recovery asks for. */
final class DecodedLog {
    private DecodedLog() {}

    /**
     * Writes every segment and history file.
     *
     * @throws IOException if the folder cannot be written, or what is stored is damaged
     */
    static void write(WalFolder.Opened archive, Path target, PrintStream out) throws IOException {
        WalFolder of = archive.description();
        out.println("Log of " + of.projectName() + "/" + of.instanceName() + ", cluster " + of.systemIdentifier()
                + ", archived since " + of.createdAt());
        StoredLog log = StoredLog.of(archive);
        for (int timeline : log.timelinesWithHistory()) {
            Files.writeString(
                    target.resolve(String.format("%08X.history", timeline)),
                    log.history(timeline).orElse(""));
        }
        ArchivedLog.Stretch before = null;
        for (ArchivedLog.Stretch stretch : log.stretches()) {
            if (before != null && before.timeline() == stretch.timeline()) {
                out.println("GAP on timeline " + stretch.timeline() + ": nothing is stored from " + before.to() + " to "
                        + stretch.from());
            }
            for (Lsn at = stretch.from(); at.compareTo(stretch.to()) < 0; at = at.plus(log.segmentBytes())) {
                segment(log, stretch.timeline(), at, target);
            }
            out.println("  timeline " + stretch.timeline() + " from " + stretch.from() + " to " + stretch.to() + "  "
                    + new Bytes(stretch.to().value() - stretch.from().value()));
            before = stretch;
        }
    }

    private static void segment(StoredLog log, int timeline, Lsn start, Path target) throws IOException {
        Path file = target.resolve(start.segmentName(timeline, log.segmentBytes()));
        try (InputStream in = log.open(timeline, start);
                OutputStream to = Files.newOutputStream(file, StandardOpenOption.CREATE_NEW)) {
            long left = log.segmentBytes() - in.transferTo(to);
            byte[] zeros = new byte[1 << 16];
            for (; left > 0; left -= zeros.length) {
                to.write(zeros, 0, (int) Math.min(left, zeros.length));
            }
        }
    }
}
