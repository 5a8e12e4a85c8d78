package dev.nightshift.sandbox;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;

/**
 * What a data folder's global/pg_control says of the server it came from. A hot standby refuses to run with less than
 * the primary had of the five settings here (manual, section 27.4.3), and waits for ever instead of saying so to a
 * client.
 *
 * @param systemIdentifier unsigned, as {@code pg_control_system()} shows it
 * @param timeline of the latest checkpoint
 */
public record ControlFile(
        long systemIdentifier,
        int timeline,
        int maxConnections,
        int maxWorkerProcesses,
        int maxWalSenders,
        int maxPreparedTransactions,
        int maxLocksPerTransaction) {
    /** pg_control_version from PostgreSQL 13 to 18; ControlFileData's offsets used here are the same in all of them. */
    private static final int OLDEST = 1300;

    private static final int NEWEST = 1800;

    /**
     * Reads {@code <data>/global/pg_control}, written on a machine of this byte order.
     *
     * @throws NotPossibleHere if its layout is none of PostgreSQL 13 to 18
     * @throws Failure.Fatal if it is missing or cut
     */
    public static ControlFile read(Path data) {
        Path file = data.resolve("global/pg_control");
        try {
            byte[] content = Files.readAllBytes(file);
            if (content.length < 204) {
                throw new Failure.Fatal("global/pg_control holds " + content.length + " bytes only.", null, null);
            }
            return of(ByteBuffer.wrap(content).order(ByteOrder.nativeOrder()));
        } catch (IOException e) {
            throw new Failure.Fatal("global/pg_control cannot be read: " + e.getMessage(), null, e);
        }
    }

    private static ControlFile of(ByteBuffer content) {
        int version = content.getInt(8);
        if (version < OLDEST || version > NEWEST) {
            throw new NotPossibleHere(
                    "global/pg_control has the version " + version + ", known are " + OLDEST + " to " + NEWEST + ".",
                    "Use a Nightshift that knows this PostgreSQL version.");
        }
        return new ControlFile(
                content.getLong(0),
                content.getInt(48),
                content.getInt(180),
                content.getInt(184),
                content.getInt(188),
                content.getInt(192),
                content.getInt(196));
    }
}
