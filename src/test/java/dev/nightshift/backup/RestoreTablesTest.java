package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class RestoreTablesTest {
    @ParameterizedTest
    @CsvSource({"15, 15", "16, 15", "18, 15", "18, 17"})
    void goesToTheSameVersionOrANewerOne(int server, int backup) {
        assertDoesNotThrow(() -> RestoreTables.requireNotOlder("shop", server, backup));
    }

    @Test
    void anOlderServerIsRefusedWithBothVersions() {
        Failure.Skippable refused =
                assertThrows(Failure.Skippable.class, () -> RestoreTables.requireNotOlder("shop", 15, 17));
        assertTrue(
                refused.getMessage().startsWith("The server of shop is of PostgreSQL 15, and the backup of 17"),
                refused::getMessage);
    }
}
