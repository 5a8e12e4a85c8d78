package dev.nightshift.backup.read;

import com.github.luben.zstd.ZstdIOException;
import com.github.luben.zstd.ZstdInputStream;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Sealed;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.util.HashMap;
import java.util.Map;
import java.util.TreeSet;
import java.util.zip.CRC32C;

/** One pass over the archives: every file is compared with the server's list while it goes where it is wanted. */
final class ArchivePass {
    private static final String TABLESPACES = "pg_tblspc/";
    private final Manifest manifest;
    private final Sealed sealed;
    private final FileTaker taker;
    private final BackupProgress progress;
    private final Map<String, ServerManifest.Listed> missing;
    private final byte[] buffer = new byte[1 << 18];
    private final CRC32C crc = new CRC32C();
    private final long total;
    private String where = "";
    private long files;
    private long bytes;
    private long told;

    ArchivePass(Sealed sealed, FileTaker taker, BackupProgress progress) throws DamageException {
        this.manifest = sealed.manifest();
        this.sealed = sealed;
        this.taker = taker;
        this.progress = progress;
        try {
            this.missing = new HashMap<>(
                    ServerManifest.parse(sealed.bytes("backup_manifest")).files());
        } catch (DamageException e) {
            throw e;
        } catch (IOException e) {
            throw new DamageException("The object backup_manifest: " + e.getMessage(), e);
        }
        this.total = missing.values().stream()
                .mapToLong(ServerManifest.Listed::bytes)
                .sum();
    }

    /** Runs over all archives; files that are listed and did not come are damage as well. */
    void run() throws IOException {
        for (String archive : manifest.archives()) {
            where = "The archive " + archive + ": ";
            try (InputStream content = sealed.open(archive);
                    InputStream plain = archive.endsWith(".zst")
                            ? new BufferedInputStream(new ZstdInputStream(content), 1 << 18)
                            : content) {
                archive(new TarReader(plain), folder(archive));
            }
        }
        progress.bytes(bytes, total);
        if (!missing.isEmpty()) {
            throw new DamageException("The file " + new TreeSet<>(missing.keySet()).first() + " and "
                    + (missing.size() - 1) + " others are on the server's list, but in no archive");
        }
    }

    long files() {
        return files;
    }

    long bytes() {
        return bytes;
    }

    /** Where an archive's entries belong: {@code base.tar} in the data folder, {@code 16385.tar} below pg_tblspc. */
    private static String folder(String archive) throws DamageException {
        String name = archive.replaceFirst("\\.tar(\\.zst)?$", "");
        if (name.equals("base")) {
            return "";
        }
        if (!name.matches("[0-9]{1,10}")) {
            throw new DamageException("The archive " + archive + " belongs to no tablespace");
        }
        return TABLESPACES + name + "/";
    }

    private void archive(TarReader tar, String folder) throws IOException {
        try {
            for (TarReader.Entry entry = tar.next(); entry != null; entry = tar.next()) {
                String path = safe(folder + entry.name());
                switch (entry.type()) {
                    case FOLDER -> taker.folder(path);
                    case FILE -> file(tar, path);
                    case LINK -> {
                        // Only tablespaces are links, and where those go is for the reader to say
                        if (!path.matches("pg_tblspc/[0-9]{1,10}")) {
                            throw new DamageException("the link " + path + " is none to a tablespace");
                        }
                    }
                }
            }
        } catch (ZstdIOException e) {
            throw new DamageException(where + "the server's compression cannot be undone", e);
        } catch (DamageException e) {
            String message = String.valueOf(e.getMessage());
            throw message.startsWith("The ") ? e : new DamageException(where + message, e);
        }
    }

    /** Refuses paths that lead out of the folder. */
    static String safe(String path) throws DamageException {
        String clean = path.startsWith("./") ? path.substring(2) : path;
        for (String part : clean.split("/", -1)) {
            if (part.isEmpty() || part.equals(".") || part.equals("..") || part.indexOf('\0') >= 0) {
                throw new DamageException("the entry \"" + path + "\" leads out of its folder");
            }
        }
        return clean;
    }

    private void file(TarReader tar, String path) throws IOException {
        ServerManifest.Listed listed = missing.remove(path);
        if (listed == null) {
            throw new DamageException("the file " + path + " is not on the server's list, or is there twice");
        }
        crc.reset();
        long size = 0;
        try (FileTaker.Content content = taker.file(path)) {
            for (int count = tar.read(buffer); count >= 0; count = tar.read(buffer)) {
                crc.update(buffer, 0, count);
                content.write(buffer, count);
                size += count;
                tell(count);
            }
        }
        if (size != listed.bytes()) {
            throw new DamageException(
                    "the file " + path + " has " + size + " bytes, the server listed " + listed.bytes());
        }
        if (crc.getValue() != listed.crc32c()) {
            throw new DamageException("the file " + path + " has another CRC-32C than the server listed");
        }
        files++;
    }

    private void tell(int count) {
        bytes += count;
        if (bytes - told > 16 << 20) {
            told = bytes;
            progress.bytes(bytes, total);
        }
    }
}
