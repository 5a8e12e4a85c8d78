package dev.nightshift.sandbox;

import dev.nightshift.kernel.Bytes;
import java.time.Duration;

/**
 * What one sandbox may use.
 *
 * @param memory address space of each process, and the size of the shared memory file system
 * @param cpu CPU time of each process
 * @param disk the sandbox's folder, and the largest single file in it
 * @param processes of the sandbox's user
 */
public record Quota(Bytes memory, Duration cpu, Bytes disk, int processes) {
    /** Address space counts mapped libraries and shared buffers as well: a server of 128 MB needs most of a gigabyte. */
    private static final long SMALLEST_MEMORY = 512L << 20;

    public Quota {
        if (memory.value() < SMALLEST_MEMORY || cpu.toSeconds() < 1 || disk.value() < 1 || processes < 32) {
            throw new IllegalArgumentException(
                    "A sandbox needs 512 MB of memory, a second of CPU time, room on disk and 32"
                            + " processes at least: " + memory + ", " + cpu + ", " + disk + ", " + processes);
        }
    }

    /** Four gigabytes of memory and four hours of CPU time per process, and the given room on disk. */
    public static Quota ofDisk(Bytes disk) {
        return new Quota(new Bytes(4L << 30), Duration.ofHours(4), disk, 512);
    }
}
