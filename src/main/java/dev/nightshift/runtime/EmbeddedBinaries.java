package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import java.io.BufferedInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.net.JarURLConnection;
import java.net.URISyntaxException;
import java.net.URL;
import java.nio.file.FileSystemException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.util.EnumSet;
import java.util.Enumeration;
import java.util.Locale;
import java.util.Set;
import java.util.jar.JarEntry;
import java.util.jar.JarFile;
import org.apache.commons.compress.archivers.tar.TarArchiveEntry;
import org.apache.commons.compress.archivers.tar.TarArchiveInputStream;
import org.apache.commons.compress.compressors.xz.XZCompressorInputStream;

/**
 * PostgreSQL's server programs from a jar that holds them as one {@code .txz}. Runs in the launcher and in tests only: the
 * classes that unpack are not part of the WAR.
 */
public final class EmbeddedBinaries {
    private EmbeddedBinaries() {}

    /**
     * Unpacks the binaries on the class path for this machine, once.
     *
     * @throws Failure.Fatal if the build brought none for this operating system and processor
     */
    public static Binaries bundled(Path folder) {
        String resource = "postgres-" + operatingSystem() + "-" + architecture() + ".txz";
        URL url = EmbeddedBinaries.class.getClassLoader().getResource(resource);
        if (url == null) {
            throw new Failure.Fatal(
                    "This build brings no embedded PostgreSQL for " + operatingSystem() + " on " + architecture() + ".",
                    "Use a PostgreSQL of your own: set NIGHTSHIFT_REPOSITORY_URL and NIGHTSHIFT_DEMO=false.",
                    null);
        }
        try {
            JarURLConnection connection = (JarURLConnection) url.openConnection();
            return unpack(Path.of(connection.getJarFileURL().toURI()), folder);
        } catch (IOException | URISyntaxException e) {
            throw new Failure.Fatal("The embedded PostgreSQL at " + url + " cannot be read.", null, e);
        }
    }

    /**
     * Unpacks a jar's {@code .txz} into a sub-folder of {@code folder} whose name tells this content from another. What is
     * there already is taken as it is: it came by a rename, so it is whole. Safe for two processes at once.
     */
    public static Binaries unpack(Path jar, Path folder) {
        try (JarFile file = new JarFile(jar.toFile())) {
            JarEntry archive = archive(file, jar);
            Path home = folder.resolve("postgresql-" + Long.toHexString(archive.getCrc()));
            if (!Files.isDirectory(home)) {
                Files.createDirectories(folder);
                Path fresh = Files.createTempDirectory(folder, ".unpacking-");
                try (InputStream content = file.getInputStream(archive)) {
                    unpack(content, fresh);
                    open(fresh);
                    move(fresh, home);
                } finally {
                    Folders.delete(fresh);
                }
            }
            return Binaries.read(home.resolve("bin"))
                    .orElseThrow(() -> new Failure.Fatal(
                            "The PostgreSQL programs in " + home + " do not run on this machine.",
                            "Delete the folder to have it unpacked again; the programs need glibc and " + architecture()
                                    + ".",
                            null));
        } catch (IOException e) {
            throw new Failure.Fatal(
                    "The embedded PostgreSQL in " + jar + " could not be unpacked into " + folder + ": "
                            + e.getMessage(),
                    "Check that the folder is writable and has 100 MB free.",
                    e);
        }
    }

    private static JarEntry archive(JarFile file, Path jar) throws IOException {
        Enumeration<JarEntry> entries = file.entries();
        while (entries.hasMoreElements()) {
            JarEntry entry = entries.nextElement();
            if (entry.getName().endsWith(".txz")) {
                return entry;
            }
        }
        throw new IOException(jar + " holds no .txz");
    }

    private static void unpack(InputStream content, Path target) throws IOException {
        try (TarArchiveInputStream tar =
                new TarArchiveInputStream(new XZCompressorInputStream(new BufferedInputStream(content, 1 << 16)))) {
            for (TarArchiveEntry entry = tar.getNextEntry(); entry != null; entry = tar.getNextEntry()) {
                Path path = target.resolve(entry.getName()).normalize();
                if (!path.startsWith(target)) {
                    throw new IOException("the archive names a file outside of it: " + entry.getName());
                }
                if (entry.isDirectory()) {
                    Files.createDirectories(path);
                    continue;
                }
                Files.createDirectories(path.getParent());
                if (entry.isSymbolicLink()) {
                    Files.createSymbolicLink(path, Path.of(entry.getLinkName()));
                } else if (entry.isLink()) {
                    Files.createLink(path, target.resolve(entry.getLinkName()));
                } else {
                    Files.copy(tar, path);
                    Files.setPosixFilePermissions(path, permissions((entry.getMode() & 0100) != 0));
                }
            }
        }
    }

    /** A temporary folder is the user's alone, but a sandbox may run these programs as somebody else. */
    private static void open(Path folder) throws IOException {
        Files.setPosixFilePermissions(folder, permissions(true));
    }

    private static Set<PosixFilePermission> permissions(boolean executable) {
        Set<PosixFilePermission> permissions = EnumSet.of(
                PosixFilePermission.OWNER_READ,
                PosixFilePermission.OWNER_WRITE,
                PosixFilePermission.GROUP_READ,
                PosixFilePermission.OTHERS_READ);
        if (executable) {
            permissions.addAll(EnumSet.of(
                    PosixFilePermission.OWNER_EXECUTE,
                    PosixFilePermission.GROUP_EXECUTE,
                    PosixFilePermission.OTHERS_EXECUTE));
        }
        return permissions;
    }

    private static void move(Path fresh, Path home) throws IOException {
        try {
            Files.move(fresh, home, StandardCopyOption.ATOMIC_MOVE);
        } catch (FileSystemException e) {
            if (!Files.isDirectory(home)) { // otherwise another process was first, with the same content
                throw e;
            }
        }
    }

    private static String operatingSystem() {
        return System.getProperty("os.name").toLowerCase(Locale.ROOT).startsWith("mac") ? "darwin" : "linux";
    }

    private static String architecture() {
        String arch = System.getProperty("os.arch");
        return switch (arch) {
            case "amd64", "x86_64" -> "x86_64";
            case "aarch64", "arm64" -> "arm_64";
            default -> arch;
        };
    }
}
