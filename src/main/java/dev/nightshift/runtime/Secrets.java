package dev.nightshift.runtime;

import dev.nightshift.kernel.Disk;
import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.StandardOpenOption;
import java.nio.file.attribute.PosixFilePermissions;
import java.security.SecureRandom;
import java.util.Base64;

/**
 * What an installation generated for itself: one file each (0600) in a folder (0700), made once, kept for good. Whoever can
 * read this folder can read everything; it belongs into nobody's repository and into somebody's safe.
 */
final class Secrets {
    static final String MASTER_KEY = "master.key";
    static final String ADMIN_PASSWORD = "admin.password";
    static final String OWNER_PASSWORD = "owner.password";
    static final String APP_PASSWORD = "app.password";
    static final String SUPERUSER_PASSWORD = "superuser.password";
    static final String BACKUP_PASSWORD = "backup.password";
    static final String DEMO_SUPERUSER_PASSWORD = "demo-superuser.password";
    static final String DEMO_PASSWORD = "demo.password";
    static final String KEYSTORE_PASSWORD = "keystore.password";
    static final String BATCH_PASSWORD = "batch.password";
    static final String METRICS_PASSWORD = "metrics.password";

    private final Path folder;
    private final SecureRandom random = new SecureRandom();

    private Secrets(Path folder) {
        this.folder = folder;
    }

    static Secrets in(Path folder) {
        try {
            return new Secrets(Folders.createPrivate(folder));
        } catch (IOException e) {
            throw new Failure.Fatal("The secrets' folder " + folder + " cannot be made: " + e.getMessage(), null, e);
        }
    }

    Path file(String name) {
        return folder.resolve(name);
    }

    boolean has(String name) {
        return Files.exists(file(name));
    }

    /** The secret of that name; made now if there is none: 32 random bytes, base64. */
    Path keyFile(String name) {
        return make(name, Base64.getEncoder());
    }

    /** A password: as a key, but made of letters, digits, hyphen and underscore only, 144 bits. */
    String password(String name) {
        return read(make(name, Base64.getUrlEncoder().withoutPadding()));
    }

    /** As a password, kept nowhere. */
    static String unguessable() {
        byte[] bytes = new byte[18];
        new SecureRandom().nextBytes(bytes);
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    private Path make(String name, Base64.Encoder encoder) {
        Path file = file(name);
        if (!Files.exists(file)) {
            byte[] bytes = new byte[name.endsWith(".key") ? 32 : 18];
            random.nextBytes(bytes);
            write(file, encoder.encodeToString(bytes));
        }
        return file;
    }

    private static String read(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8).strip();
        } catch (IOException e) {
            throw new Failure.Fatal("The secret " + file + " cannot be read.", "It must be readable by this user.", e);
        }
    }

    /**
     * Writes beside and renames, so that a kill leaves no half secret, and to the disk itself: what was encrypted under a
     * key may survive a power cut that the key does not. Only the owner ever sees the file.
     */
    static void write(Path file, String text) {
        try {
            Path fresh = file.resolveSibling("." + file.getFileName() + ".new");
            Files.deleteIfExists(fresh);
            Files.createFile(fresh, PosixFilePermissions.asFileAttribute(PosixFilePermissions.fromString("rw-------")));
            Files.writeString(fresh, text, StandardOpenOption.SYNC);
            Files.move(fresh, file, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            Disk.syncFolder(file.toAbsolutePath().getParent());
        } catch (FileAlreadyExistsException e) {
            throw new Failure.Fatal("Another process writes " + file + " at the same time.", null, e);
        } catch (IOException e) {
            throw new Failure.Fatal("The secret " + file + " cannot be written: " + e.getMessage(), null, e);
        }
    }
}
