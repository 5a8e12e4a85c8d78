package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class BinariesTest {
    private final Path folder;

    BinariesTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void theVersionIsTheOneThatTheServerPrints() throws IOException {
        programs("a/bin", "postgres (PostgreSQL) 17.10");
        Binaries binaries = Binaries.read(folder.resolve("a/bin")).orElseThrow();
        assertEquals(17, binaries.major());
        assertEquals("17.10", binaries.version());
        assertEquals(folder.resolve("a/bin/pg_ctl"), binaries.program("pg_ctl"));
    }

    @Test
    void aPackagersVersionAndABetaAreUnderstood() throws IOException {
        programs("debian/bin", "postgres (PostgreSQL) 15.18 (Debian 15.18-0+deb12u1)");
        programs("beta/bin", "postgres (PostgreSQL) 19beta1");
        assertEquals(
                15, Binaries.read(folder.resolve("debian/bin")).orElseThrow().major());
        assertEquals(19, Binaries.read(folder.resolve("beta/bin")).orElseThrow().major());
    }

    @Test
    void aFolderOfVersionsIsLookedThrough() throws IOException {
        programs("15/bin", "postgres (PostgreSQL) 15.1");
        programs("18/bin", "postgres (PostgreSQL) 18.4");
        assertEquals(
                List.of(18, 15),
                Binaries.all(List.of(folder)).stream().map(Binaries::major).toList());
    }

    @Test
    void aConfiguredFolderGoesBeforePathAndPathIsSearched() throws IOException {
        programs("mine/bin", "postgres (PostgreSQL) 42.1");
        programs("path", "postgres (PostgreSQL) 43.2");
        assertEquals(
                "42.1",
                Binaries.find(42, List.of(folder.resolve("mine"))).orElseThrow().version());
        assertTrue(Binaries.installed(folder.resolve("path") + ":/nowhere").stream()
                .anyMatch(found -> found.version().equals("43.2")));
    }

    @Test
    void theNewestMinorVersionOfTheInstalledOnesIsTaken() throws IOException {
        programs("old", "postgres (PostgreSQL) 44.9");
        programs("new", "postgres (PostgreSQL) 44.10");
        List<Binaries> found = Binaries.installed(folder.resolve("old") + ":" + folder.resolve("new"));
        assertEquals("44.10", found.get(0).version());
    }

    @Test
    void aFolderWithoutEveryProgramIsNoCandidate() throws IOException {
        programs("client", "postgres (PostgreSQL) 17.1");
        Files.delete(folder.resolve("client/initdb"));
        assertTrue(Binaries.read(folder.resolve("client")).isEmpty());
        assertTrue(Binaries.all(List.of(folder.resolve("client"), folder.resolve("missing")))
                .isEmpty());
    }

    @Test
    void programsThatDoNotRunHereAreNoCandidate() throws IOException {
        programs("broken", "postgres (PostgreSQL) 17.1");
        Files.writeString(folder.resolve("broken/postgres"), "\u0000not a program");
        assertTrue(Binaries.read(folder.resolve("broken")).isEmpty());
    }

    @Test
    void aMissingVersionIsNamedTogetherWithItsPackage() {
        Failure failure = assertThrows(Failure.Skippable.class, () -> Binaries.require(99, List.of(folder)));
        assertTrue(String.valueOf(failure.getMessage()).contains("PostgreSQL 99"));
        assertTrue(String.valueOf(failure.remedy()).contains("postgresql-99"));
        assertTrue(String.valueOf(failure.remedy()).contains("NIGHTSHIFT_POSTGRES_BINARIES"));
    }

    @Test
    void anExtensionIsFoundInTheProgramsOwnShareFolder() throws IOException {
        programs("a/bin", "postgres (PostgreSQL) 18.4");
        Files.createDirectories(folder.resolve("a/share/postgresql/extension"));
        Files.createFile(folder.resolve("a/share/postgresql/extension/amcheck.control"));
        Binaries binaries = Binaries.read(folder.resolve("a/bin")).orElseThrow();
        assertTrue(binaries.hasExtension("amcheck"));
        assertFalse(binaries.hasExtension("pg_stat_statements"));
    }

    private void programs(String bin, String version) throws IOException {
        Path target = Files.createDirectories(folder.resolve(bin));
        for (String name : List.of("postgres", "initdb", "pg_ctl")) {
            Path file = Files.writeString(target.resolve(name), "#!/bin/sh\necho '" + version + "'\n");
            Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
    }
}
