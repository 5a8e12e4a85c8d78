package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.UUID;
import org.junit.jupiter.api.Test;

class NewDatabasesTest {
    @Test
    void theNameOfADatabaseInTheMakingIsKnown() {
        assertAll(
                () -> assertTrue(NewDatabases.isProvisional(NewDatabases.provisional(UUID.randomUUID()))),
                () -> assertFalse(NewDatabases.isProvisional("nightshift_copy")),
                () -> assertFalse(NewDatabases.isProvisional("shop_1404")));
    }
}
