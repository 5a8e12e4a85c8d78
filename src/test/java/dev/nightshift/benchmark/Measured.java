package dev.nightshift.benchmark;

/**
 * What one backup cost.
 *
 * @param wallSeconds until everything was synced to disk
 * @param clientSeconds of CPU, of the process that takes the backup
 * @param serverSeconds of CPU, of all the server's processes
 * @param storedBytes what lies in the folder afterwards
 */
record Measured(double wallSeconds, double clientSeconds, double serverSeconds, long storedBytes) {
    double cpuSeconds() {
        return clientSeconds + serverSeconds;
    }
}
