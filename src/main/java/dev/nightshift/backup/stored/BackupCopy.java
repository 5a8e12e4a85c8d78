package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.BackupKeys;
import java.io.IOException;
import java.io.InputStream;
import java.security.MessageDigest;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.UUID;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;
import java.util.stream.Collectors;

/**
 * Copies a stored backup to another store, byte for byte and under the same names: what is encrypted stays so. The keys say
 * whether the source's manifest is ours: by another one nothing is written or deleted. The manifest goes last. What is there
 * already is not sent again, if it has the size and the SHA-256 that the manifest says; another object under its name is
 * replaced, once the source's is known to be the right one; another manifest never.
 */
public final class BackupCopy {
    private static final int BUFFER = 256 << 10;

    /** Of millions of files; a manifest lists objects of 20 MiB and more. */
    private static final int LARGEST_MANIFEST = 256 << 20;

    private final Store from;
    private final Store to;
    private final String folder;
    private final BackupKeys keys;
    private final BackupProgress progress;
    private final InFlight flight = new InFlight();
    private final AtomicLong done = new AtomicLong();
    private final AtomicInteger sent = new AtomicInteger();
    private final AtomicInteger found = new AtomicInteger();

    /**
     * What it came to.
     *
     * @param bytes that the copy has in its store, by the store's own listing
     * @param sent objects that were sent
     * @param found objects that were there already
     */
    public record Result(long bytes, int sent, int found) {}

    /** @param folder of the backup, the same in both */
    public BackupCopy(Store from, Store to, String folder, BackupKeys keys, BackupProgress progress) {
        this.from = from;
        this.to = to;
        this.folder = folder;
        this.keys = keys;
        this.progress = progress;
    }

    /**
     * Whether the store lists all objects that the source's manifest names, with their sizes; empty if it does not.
     *
     * @return the bytes that they have
     */
    public Optional<Long> listed(UUID backup) {
        byte[] text = manifest();
        return missing(opened(text, backup), text.length).isEmpty() ? Optional.of(bytes()) : Optional.empty();
    }

    /**
     * Copies.
     *
     * @param backup that has to lie in the folder
     * @param changing told before anything is written or deleted, once all that is there was compared; not if nothing lacks
     * @throws Failure.NotFound if the source holds no whole backup there
     * @throws Failure.Fatal if what it holds is damaged, naming the object, or the target holds another backup's manifest, is
     *     full or may not be written
     * @throws Failure.Retryable if one of the two cannot be used now; what was sent stays for the next time
     */
    public Result run(UUID backup, Runnable changing) {
        byte[] text = manifest();
        Manifest manifest = opened(text, backup);
        Map<String, Long> there =
                to.list(folder + "/").stream().collect(Collectors.toMap(Store.Entry::name, Store.Entry::bytes));
        long known = manifestBytes(manifest, text);
        long total = text.length
                + manifest.objects().stream().mapToLong(StoredObject::bytes).sum();
        if (known >= 0) {
            found.incrementAndGet();
        }
        progress.phase(BackupProgress.Phase.COPY);
        Queue<StoredObject> lacking = new ConcurrentLinkedQueue<>();
        flight.all(manifest.objects(), object -> {
            if (lacks(object, there, total)) {
                lacking.add(object);
            }
        });
        if (known < 0 || !lacking.isEmpty()) {
            InFlight.requireRoom(
                    to,
                    total - there.values().stream().mapToLong(Long::longValue).sum());
            changing.run();
            flight.all(List.copyOf(lacking), object -> send(object, there, total));
            known = known < 0 ? putManifest(text) : known;
        }
        progress.bytes(done.addAndGet(text.length), total);
        List<String> missing = missing(manifest, known);
        if (!missing.isEmpty()) {
            throw new Failure.Retryable(
                    "The " + to + " does not list " + missing.get(0) + " with the size that was sent.",
                    "Look who else writes to the store, and deletes what is being written.",
                    null);
        }
        return new Result(bytes(), sent.get(), found.get());
    }

    private byte[] manifest() {
        String name = folder + "/" + Manifest.NAME;
        try (InputStream in = from.read(name)) {
            byte[] text = in.readNBytes(LARGEST_MANIFEST + 1);
            if (text.length > LARGEST_MANIFEST) {
                throw SignedText.damaged(name, "it is longer than any", null);
            }
            return text;
        } catch (IOException e) {
            throw unread(name, e);
        }
    }

    private Manifest opened(byte[] text, UUID backup) {
        Manifest manifest = authentic(text, from);
        if (!manifest.backup().equals(backup)) {
            throw new Failure.Fatal(
                    "In the folder " + folder + " of " + from + " lies backup " + manifest.backup() + ", not " + backup
                            + ".",
                    null,
                    null);
        }
        return manifest;
    }

    private Manifest authentic(byte[] text, Store store) {
        String name = store + "/" + folder + "/" + Manifest.NAME;
        Manifest manifest = ManifestText.parse(text, name);
        ManifestText.authenticate(manifest, text, name, keys);
        return manifest;
    }

    /** Of the target's manifest, if it is one of the same objects: it may wrap its key another way. -1 if there is none. */
    private long manifestBytes(Manifest manifest, byte[] text) {
        String name = folder + "/" + Manifest.NAME;
        if (to.size(name).isEmpty()) {
            return -1;
        }
        byte[] there = content(name);
        if (Arrays.equals(text, there)) {
            return there.length;
        }
        String reason;
        try {
            Manifest other = authentic(there, to);
            if (other.backup().equals(manifest.backup()) && other.objects().equals(manifest.objects())) {
                return there.length;
            }
            reason = "it names other objects than the one in " + from + ".";
        } catch (Failure.Fatal e) {
            reason = String.valueOf(e.getMessage());
        }
        throw new Failure.Fatal(
                "The manifest " + name + " in " + to + " is left as it is, and nothing copied: " + reason,
                "Look which of the two is right. Where it is the one in " + from
                        + ", delete the other, and run the job copy again.",
                null);
    }

    private Failure.Retryable unread(String name, IOException e) {
        return new Failure.Retryable(
                "The object " + name + " cannot be read from " + from + ": " + e.getMessage() + ".",
                "Check the store.",
                e);
    }

    /** Whether it is to be sent: it is not there, or proven wrong and the source's proven right. */
    private boolean lacks(StoredObject object, Map<String, Long> there, long total) {
        String name = folder + "/" + object.name();
        Long bytes = there.get(name);
        if (bytes == null) {
            return true;
        }
        if (bytes == object.bytes() && isStored(to, name, object)) {
            found.incrementAndGet();
            progress.bytes(done.addAndGet(object.bytes()), total);
            return false;
        }
        try {
            if (isStored(from, name, object)) {
                return true;
            }
        } catch (Failure.NotFound e) {
            throw damaged(object, "is missing");
        }
        throw damaged(object, "has another SHA-256 than was stored");
    }

    private void send(StoredObject object, Map<String, Long> there, long total) {
        String name = folder + "/" + object.name();
        if (there.containsKey(name)) {
            progress.note("The object " + name + " in " + to + " is not what was stored; it is sent again.");
            to.delete(name);
        }
        try (Store.Upload upload = to.create(name)) {
            send(object, name, upload, total);
            upload.commit();
            sent.incrementAndGet();
        } catch (Failure.Conflict e) {
            // Another node may have written it meanwhile, or the answer to our own request was lost
            if (!isStored(to, name, object)) {
                throw new Failure.Retryable(
                        "The object " + name + " in " + to + " is being written by another.", null, e);
            }
            found.incrementAndGet();
        }
    }

    private void send(StoredObject object, String name, Store.Upload upload, long total) {
        MessageDigest digest = Sha256.digest();
        long copied = 0;
        try (InputStream in = from.read(name)) {
            byte[] buffer = new byte[BUFFER];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                flight.throwIfEnded();
                digest.update(buffer, 0, count);
                upload.write(buffer, 0, count);
                copied += count;
                progress.bytes(done.addAndGet(count), total);
            }
        } catch (Failure.NotFound e) {
            throw damaged(object, "is missing");
        } catch (IOException e) {
            throw unread(name, e);
        }
        if (copied != object.bytes()) {
            throw damaged(object, "has " + copied + " bytes instead of " + object.bytes());
        }
        if (!HexFormat.of().formatHex(digest.digest()).equals(object.sha256())) {
            throw damaged(object, "has another SHA-256 than was stored");
        }
    }

    private Failure.Fatal damaged(StoredObject object, String how) {
        return new Failure.Fatal(
                "The object " + object.name() + " of " + folder + " in " + from + " " + how + ": it is not copied.",
                "Prove the backup, and take a new one.",
                null);
    }

    /** Whether the store holds just this. */
    private boolean isStored(Store store, String name, StoredObject object) {
        MessageDigest digest = Sha256.digest();
        try (InputStream in = store.read(name)) {
            byte[] buffer = new byte[BUFFER];
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                flight.throwIfEnded();
                digest.update(buffer, 0, count);
                progress.bytes(done.get(), 0);
            }
        } catch (IOException e) {
            throw new Failure.Retryable(
                    "The object " + name + " cannot be read from " + store + ".", "Check the store.", e);
        }
        return HexFormat.of().formatHex(digest.digest()).equals(object.sha256());
    }

    private long putManifest(byte[] text) {
        String name = folder + "/" + Manifest.NAME;
        try (Store.Upload upload = to.create(name)) {
            upload.write(text, 0, text.length);
            upload.commit();
            sent.incrementAndGet();
        } catch (Failure.Conflict e) {
            if (!Arrays.equals(text, content(name))) {
                throw e;
            }
        }
        return text.length;
    }

    private byte[] content(String name) {
        try (InputStream in = to.read(name)) {
            return in.readNBytes(LARGEST_MANIFEST + 1);
        } catch (IOException e) {
            throw new Failure.Retryable(
                    "The object " + name + " cannot be read from " + to + ".", "Check the store.", e);
        }
    }

    private List<String> missing(Manifest manifest, long manifestBytes) {
        Map<String, Long> listed =
                to.list(folder + "/").stream().collect(Collectors.toMap(Store.Entry::name, Store.Entry::bytes));
        List<String> missing = new ArrayList<>();
        if (!Long.valueOf(manifestBytes).equals(listed.get(folder + "/" + Manifest.NAME))) {
            missing.add(folder + "/" + Manifest.NAME);
        }
        for (StoredObject object : manifest.objects()) {
            String name = folder + "/" + object.name();
            if (!Long.valueOf(object.bytes()).equals(listed.get(name))) {
                missing.add(name);
            }
        }
        return missing;
    }

    private long bytes() {
        return to.list(folder + "/").stream().mapToLong(Store.Entry::bytes).sum();
    }
}
