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
import java.util.List;
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
    private final long before;
    private final long total;
    private String where = "";
    private long files;
    private long bytes;
    private long told;

    private ArchivePass(Layer layer, FileTaker taker, BackupProgress progress, long before, long total) {
        this.manifest = layer.manifest();
        this.sealed = layer.sealed();
        this.taker = taker;
        this.progress = progress;
        this.missing = new HashMap<>(layer.list().files());
        this.before = before;
        this.total = total;
    }

    /**
     * Runs over a chain, the full backup first.
     *
     * @throws DamageException naming the file, and the backup where that is not the last one
     */
    static Sum run(List<Layer> layers, FileTaker taker, BackupProgress progress) throws IOException {
        Layering layering = new Layering(layers);
        long total = layers.stream().mapToLong(Layer::bytes).sum();
        Sum sum = new Sum(0, 0);
        for (int at = 0; at < layers.size(); at++) {
            Layer layer = layers.get(at);
            ArchivePass pass = new ArchivePass(layer, layering.taker(at, taker), progress, sum.bytes(), total);
            try {
                pass.run();
            } catch (DamageException e) {
                throw Chain.named(
                        e, layer.sealed(), layers.get(layers.size() - 1).sealed());
            }
            sum = new Sum(sum.files() + pass.files, sum.bytes() + pass.bytes);
        }
        return sum;
    }

    /** What was compared with the servers' lists. */
    record Sum(long files, long bytes) {}

    /** Runs over all archives of one backup; files that are listed and did not come are damage as well. */
    private void run() throws IOException {
        for (String archive : manifest.archives()) {
            where = "The archive " + archive + ": ";
            try (InputStream content = sealed.open(archive);
                    InputStream plain = archive.endsWith(".zst")
                            ? new BufferedInputStream(new ZstdInputStream(content), 1 << 18)
                            : content) {
                archive(new TarReader(plain), folder(archive));
            }
        }
        progress.bytes(before + bytes, total);
        if (!missing.isEmpty()) {
            throw new DamageException("The file " + new TreeSet<>(missing.keySet()).first()
                    + (missing.size() == 1 ? " is" : " and " + (missing.size() - 1) + " more are")
                    + " on the server's list, but in no archive");
        }
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
            progress.bytes(before + bytes, total);
        }
    }
}
