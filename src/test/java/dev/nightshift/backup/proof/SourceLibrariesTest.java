package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.sandbox.Preload;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class SourceLibrariesTest {
    private final Path folder;

    SourceLibrariesTest(@TempDir Path folder) {
        this.folder = folder;
    }

    @Test
    void theLastWordOfTheConfigurationFilesCounts() throws IOException {
        Path data = data("""
                shared_preload_libraries = 'first'  # a comment
                # shared_preload_libraries = 'second'
                Session_Preload_Libraries 'it''s, "quoted", $libdir/third'
                include 'own.conf'
                include_dir = 'conf.d'
                """);
        Files.writeString(data.resolve("own.conf"), "shared_preload_libraries = fourth\n");
        Files.writeString(Files.createDirectory(data.resolve("conf.d")).resolve("1.conf"), """
                shared_preload_libraries = 'fifth, sixth'
                """);
        assertEquals(new SourceLibraries(List.of("fifth", "sixth"), List.of("it's", "quoted", "third")), of(data));
        Files.writeString(data.resolve("postgresql.auto.conf"), "shared_preload_libraries = 'seventh,eighth'\n");
        assertEquals(List.of("seventh", "eighth"), of(data).shared());
    }

    @Test
    void whatWasSavedOfTheRunningSourceOutranksItsFiles() throws IOException {
        Path data = data("shared_preload_libraries = 'first'\nsession_preload_libraries = 'second'\n");
        assertEquals(
                new SourceLibraries(List.of("third"), List.of("second")),
                SourceLibraries.of(
                        data,
                        name -> name.equals("shared_preload_libraries") ? Optional.of("third") : Optional.empty()));
    }

    @Test
    void aDataFolderWithoutConfigurationNamesNone() throws IOException {
        assertEquals(new SourceLibraries(List.of(), List.of()), of(Files.createDirectory(folder.resolve("empty"))));
    }

    /** The files came out of a backup. */
    @Test
    void nothingOutsideOfTheDataFolderIsRead() throws IOException {
        Path outside = Files.writeString(folder.resolve("outside.conf"), "shared_preload_libraries = 'outside'\n");
        Path data = data("include '../outside.conf'\ninclude '" + outside + "'\ninclude_dir = '..'\ninclude 'link'\n"
                + "include 'folder/outside.conf'\ninclude 'postgresql.conf'\n");
        Files.createSymbolicLink(data.resolve("link"), outside);
        Files.createSymbolicLink(data.resolve("folder"), folder);
        Files.createSymbolicLink(data.resolve("postgresql.auto.conf"), outside);
        assertEquals(List.of(), of(data).shared());
    }

    @Test
    void onlyAllowedOnesAreLoadedInTheSourcesOrder() {
        SourceLibraries source = new SourceLibraries(List.of("c", "b", "a", "../c"), List.of("d", "b"));
        Set<String> allowed = Set.of("a", "c", "d", "never");
        assertEquals(new Preload(List.of("c", "a"), List.of("d")), source.allowed(allowed));
        assertEquals(List.of("b", "../c"), source.leftOut(allowed));
        assertEquals(Preload.NONE, source.allowed(Set.of()));
    }

    private Path data(String configuration) throws IOException {
        Path data = Files.createDirectory(folder.resolve("data"));
        Files.writeString(data.resolve("postgresql.conf"), configuration);
        return data;
    }

    private static SourceLibraries of(Path data) throws IOException {
        return SourceLibraries.of(data, name -> Optional.empty());
    }
}
