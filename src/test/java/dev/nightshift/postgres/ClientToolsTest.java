package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ClientToolsTest {
    private static ClientTools tools(String version) {
        return new ClientTools(Path.of("/opt", version), Binaries.major(version), version);
    }

    @Test
    void theServersOwnVersionIsTakenThenTheNearestNewerOne() {
        List<ClientTools> all = List.of(tools("18.1"), tools("16.2"), tools("16.10"), tools("15.18 (Debian)"));
        assertAll(
                () -> assertEquals(Optional.of(tools("16.10")), ClientTools.best(all, 16)),
                () -> assertEquals(Optional.of(tools("15.18 (Debian)")), ClientTools.best(all, 13)),
                () -> assertEquals(Optional.of(tools("18.1")), ClientTools.best(all, 17)),
                () -> assertEquals(Optional.empty(), ClientTools.best(all, 19)));
    }

    @Test
    void aConfiguredFolderIsLookedIntoAndWhatIsTooOldIsNamed(@TempDir Path folder) throws IOException {
        Path bin = Files.createDirectories(folder.resolve("bin"));
        for (String name : List.of("pg_dump", "pg_restore")) {
            Path program = Files.writeString(
                    bin.resolve(name), "#!/bin/sh\necho '" + name + " (PostgreSQL) 97.3 (House 97.3-1)'\n");
            Files.setPosixFilePermissions(program, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        ClientTools found = ClientTools.require(97, List.of(folder), null);
        Failure.Skippable refused =
                assertThrows(Failure.Skippable.class, () -> ClientTools.require(98, List.of(folder), null));
        assertAll(
                () -> assertEquals("97.3", found.number()),
                () -> assertEquals(bin, found.bin()),
                () -> assertTrue(refused.getMessage().contains("97.3 (House 97.3-1) in " + bin), refused::getMessage),
                () -> assertTrue(String.valueOf(refused.remedy()).contains("postgresql-client-98"), refused::toString));
    }

    @ParameterizedTest
    @CsvSource({
        "15, 15, 15.18, true",
        "15, 15, 16.3, true",
        "15, 15, 17.12, false",
        "16, 17, 17.12, false",
        "17, 15, 17.12, true",
        "17, 17, 18.1, true"
    })
    void noServerBefore17GetsAPgRestoreThatItDoesNotUnderstand(int server, int written, String there, boolean works) {
        Executable fit = () -> ClientTools.forRestore(server, written, needed -> tools(there));
        if (works) {
            assertDoesNotThrow(fit);
        } else {
            Failure.Skippable refused = assertThrows(Failure.Skippable.class, fit);
            assertTrue(refused.getMessage().contains("PostgreSQL " + server), refused::getMessage);
        }
    }

    @Test
    void ofComplaintsOnlyWhatIsWrongIsTold() {
        String complaints = """
                pg_restore: while PROCESSING TOC:
                pg_restore: from TOC entry 3; 0 16384 TABLE DATA t postgres
                pg_restore: error: COPY failed for table "t": ERROR:  duplicate key value violates unique constraint "t_pkey"
                DETAIL:  Key (id)=(4711) already exists.
                CONTEXT:  COPY t, line 2: "4711	secret row"
                Command was: CREATE USER x PASSWORD 'y';
                """;
        assertEquals(
                "COPY failed for table \"t\": duplicate key value violates unique constraint \"t_pkey\"",
                ToolProcess.reason("pg_restore", complaints));
    }
}
