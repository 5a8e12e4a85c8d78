package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import java.io.InputStream;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.List;
import java.util.Optional;
import java.util.OptionalLong;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * A place for backups. Objects are written once, whole or not at all, and never appended to; a backup's manifest is written
 * last, and it alone, with an archive's description, can be {@linkplain #replace replaced}. Names are relative paths with forward slashes: {@code shop/main/0192…/wal/000000010000000000000003}.
 */
public interface Store {
    /** An object and its size in bytes. */
    record Entry(String name, long bytes) {}

    /**
     * What keeps an object in the store although it was deleted, or was to be.
     *
     * @param until null where it has no end of its own, or none that is said
     * @param held whether it is a hold, which ends when somebody lifts it
     */
    record Lock(@Nullable Instant until, boolean held) {
        /** @param until null for a hold */
        public Lock(@Nullable Instant until) {
            this(until, until == null);
        }

        /** Within a sentence: {@code "locked until 2026-12-24T02:00:00Z"}. */
        public String words() {
            if (until != null) {
                return "locked until " + until.truncatedTo(ChronoUnit.SECONDS);
            }
            return held ? "locked by a legal hold" : "locked, and its service does not say until when";
        }
    }

    /** An object that is being written: it exists after {@link #commit} and not before. Used by one thread. */
    interface Upload extends AutoCloseable {
        /**
         * Adds bytes.
         *
         * @throws Failure.Retryable if the store cannot take them now
         * @throws Failure.Fatal if it is full, or may not be written
         */
        void write(byte[] bytes, int from, int count);

        /**
         * Makes the object exist, durably; nothing is lost after this returns.
         *
         * @throws Failure.Conflict if the object exists
         * @throws Failure.Retryable if the store cannot do it
         */
        void commit();

        /** Throws away what was not committed. */
        @Override
        void close();
    }

    /** Begins a new object. */
    Upload create(String name);

    /**
     * Puts other bytes in the place of an object, durably: who reads it meanwhile, and whatever happens, finds the ones or the
     * others. Only descriptions change, and in nothing but how their data key is wrapped.
     *
     * @throws Failure.NotFound if there is none of this name
     * @throws Failure.Retryable if the store cannot take it now
     * @throws Failure.Fatal if it is full, or may not be written
     */
    void replace(String name, byte[] bytes);

    /**
     * Opens an object from its beginning.
     *
     * @throws Failure.NotFound if there is none of this name
     * @throws Failure.Retryable if it cannot be read now
     */
    InputStream read(String name);

    /** Every object whose name begins so, however many, sorted by name; what is not committed is not among them. */
    List<Entry> list(String prefix);

    /** The object's size; empty if there is none. */
    OptionalLong size(String name);

    /**
     * Asks for an object that was committed just now: that a service says it took one does not mean that it has it.
     *
     * @param bytes that it has to have
     * @throws Failure.Retryable if it is not there, or has another size; or if the store cannot say so now
     */
    default void requireStored(String name, long bytes) {
        if (size(name).orElse(-1) != bytes) {
            throw new Failure.Retryable(
                    "The object " + name + " is not in " + this + " as it was written.",
                    "Look who else writes to the store, and deletes what is being written.",
                    null);
        }
    }

    /** Deletes an object; what is not there is deleted already. A store that keeps versions keeps one of it. */
    void delete(String name);

    /**
     * Deletes everything below a folder, what was never committed included; of versions those that are not locked.
     *
     * @throws Failure.Unusable if something stays: the store refuses it, for a lock among others, see {@link #kept}. A backup whose
     *     manifest stays is whole still
     */
    void deleteFolder(String folder);

    /**
     * Deletes objects, but for those that the store {@linkplain #kept keeps} locked.
     *
     * @param names in the order in which they were stored: where many in a row are locked, those behind them are not tried
     */
    default void deleteUnlocked(List<String> names) {
        names.forEach(this::delete);
    }

    /** All whose names begin so and that take room: where the store keeps versions of what was deleted or replaced, each of them. */
    default List<Entry> taking(String begin) {
        return list(begin);
    }

    /**
     * That it was not measured whether a store keeps versions of what is deleted.
     *
     * @param none whether its service says that it does not know of versions
     */
    record Doubt(String why, boolean none) {}

    /** Why it is not known whether the store keeps versions of what is deleted; empty where that is known. */
    default Optional<Doubt> doubt() {
        return Optional.empty();
    }

    /**
     * Deletes the versions that the store keeps of deleted objects whose names begin so, as far as they are not locked.
     *
     * @param which of them, by their names
     */
    default void purge(String begin, Predicate<String> which) {}

    /**
     * What locks the newest of all that {@linkplain #taking takes room}, or, where no versions are kept, the longest; empty if
     * nothing does, or the login may not see it.
     */
    default Optional<Lock> lock(String begin) {
        return Optional.empty();
    }

    /**
     * Why objects whose names begin so were not deleted: a store that keeps no versions lets nobody delete what it locks, and it
     * stays where it was, to be seen. Empty where no lock explains it, or where a deletion hides what is locked.
     *
     * @param refused how they were not
     */
    default Optional<Lock> kept(String begin, Failure refused) {
        return Optional.empty();
    }

    /** Folders that hold anything, committed or not, at this depth: 3 for {@code shop/main/0192…}. */
    List<String> folders(int depth);

    /** Bytes that still fit; empty where the store does not know. */
    OptionalLong freeBytes();

    /** The most content that one object of an archive should have here; empty where any size will do. */
    default OptionalLong objectBytes() {
        return OptionalLong.empty();
    }
}
