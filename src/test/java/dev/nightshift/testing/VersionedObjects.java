package dev.nightshift.testing;

import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.TreeMap;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/** What is in a bucket that keeps every version of an object, and locks each of them for so many days. */
final class VersionedObjects {
    /** One version; without content it says that the object is deleted. */
    static final class Version {
        private final String id;
        private final byte @Nullable [] content;
        private final Instant at;

        private Version(String id, byte @Nullable [] content, Instant at) {
            this.id = id;
            this.content = content;
            this.at = at;
        }

        String id() {
            return id;
        }

        byte @Nullable [] content() {
            return content;
        }

        Instant at() {
            return at;
        }
    }

    /** The newest first. */
    private final TreeMap<String, List<Version>> objects = new TreeMap<>();

    private int lockDays;
    private int added;

    /** @param lockDays for which each object is locked; 0 if none is */
    VersionedObjects(int lockDays) {
        this.lockDays = lockDays;
    }

    synchronized int lockDays() {
        return lockDays;
    }

    /** Of what is stored from now on. */
    synchronized void lockFor(int days) {
        lockDays = days;
    }

    /** All that is stored is so much older. */
    synchronized void pass(Duration time) {
        objects.values()
                .forEach(versions -> versions.replaceAll(version -> new Version(
                        version.id(), version.content(), version.at().minus(time))));
    }

    /** Of all versions whose keys begin so. */
    synchronized long bytes(String begin) {
        return begins(begin)
                .flatMap(key -> of(key).stream())
                .mapToLong(version -> version.content() == null ? 0 : version.content().length)
                .sum();
    }

    /** Versions whose keys begin so, with those that say that an object is deleted. */
    synchronized long versions(String begin) {
        return begins(begin).mapToLong(key -> of(key).size()).sum();
    }

    /** The keys of what is not deleted, in their order. */
    synchronized List<String> keys(String begin) {
        return begins(begin).filter(key -> current(key) != null).toList();
    }

    /** The keys of all versions, in their order. */
    synchronized List<String> allKeys(String begin) {
        return begins(begin).toList();
    }

    private Stream<String> begins(String begin) {
        return List.copyOf(objects.keySet()).stream().filter(key -> key.startsWith(begin));
    }

    /** The versions of an object, the newest first. */
    synchronized List<Version> of(String key) {
        return List.copyOf(Objects.requireNonNull(objects.get(key)));
    }

    /** What is not deleted. */
    synchronized @Nullable Version current(String key) {
        List<Version> versions = objects.get(key);
        return versions == null || versions.get(0).content() == null ? null : versions.get(0);
    }

    synchronized @Nullable Version version(String key, String id) {
        return objects.getOrDefault(key, List.of()).stream()
                .filter(each -> each.id().equals(id))
                .findFirst()
                .orElse(null);
    }

    /** Until when it is locked. */
    synchronized Instant until(Version version) {
        return version.at().plus(Duration.ofDays(lockDays));
    }

    /** Adds a version; without content it deletes the object. */
    synchronized Version add(String key, byte @Nullable [] content) {
        Version version = new Version("v" + ++added, content, Instant.now());
        objects.computeIfAbsent(key, name -> new ArrayList<>()).add(0, version);
        return version;
    }

    /** Deletes a version, whether it is there or not; false if it is locked. */
    synchronized boolean delete(String key, String id) {
        List<Version> versions = objects.getOrDefault(key, new ArrayList<>());
        boolean locked = lockDays > 0
                && versions.stream()
                        .anyMatch(version -> version.id().equals(id)
                                && version.content() != null
                                && until(version).isAfter(Instant.now()));
        if (locked) {
            return false;
        }
        versions.removeIf(version -> version.id().equals(id));
        if (versions.isEmpty()) {
            objects.remove(key);
        }
        return true;
    }
}
