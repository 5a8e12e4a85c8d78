package dev.nightshift.benchmark;

/**
 * What one backup, or one restore, cost.
 *
 * @param wallSeconds until everything was synced to disk
 * @param clientSeconds of CPU, of the process that takes the backup or restores it
 * @param serverSeconds of CPU, of all the server's processes
 * @param peakBytes the most memory that the client's processes had at once
 * @param storedBytes what lies in the folder afterwards
 */
record Measured(double wallSeconds, double clientSeconds, double serverSeconds, long peakBytes, long storedBytes) {
    double cpuSeconds() {
        return clientSeconds + serverSeconds;
    }
}
