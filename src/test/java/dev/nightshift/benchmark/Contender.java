package dev.nightshift.benchmark;

import java.io.IOException;
import java.nio.file.Path;

/** One way to take a full backup of a server into a folder, and to restore it. */
interface Contender {
    /** As the table calls it. */
    String title();

    /** What has to be there before the first backup goes into a folder; nobody measures it. */
    default void prepare(SourceServer source, Path folder) throws IOException {}

    /** Into an empty folder, but for what was prepared; synced to disk at its end. */
    void takeBackup(SourceServer source, Path folder) throws IOException;

    /**
     * Restores the backup that was taken last into an empty folder, synced to disk at its end.
     *
     * @return false if it restores nothing
     */
    boolean restore(Path folder, Path data) throws IOException;

    /** Whether programs do its work; otherwise this JVM does. */
    boolean inPrograms();

    /** CPU seconds that the client's side has used so far. */
    default double clientSeconds() {
        return inPrograms() ? CpuTime.ofEndedPrograms() : CpuTime.ofThisProcess();
    }
}
