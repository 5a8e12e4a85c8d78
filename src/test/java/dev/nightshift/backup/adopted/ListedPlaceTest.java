package dev.nightshift.backup.adopted;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import dev.nightshift.kernel.Failure;
import java.time.Instant;
import java.util.UUID;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ListedPlaceTest {
    private static final UUID INSTANCE = UUID.fromString("0198a0e0-0000-7000-8000-000000000001");

    @Test
    void theTextOfAPlaceLeadsBackToItWhateverTheToolCallsTheBackup() {
        var place = new ListedPlace(
                Instant.parse("2026-11-29T08:30:06.000001Z"), INSTANCE, ToolReport.Tool.BARMAN, "a, b,,c %+");
        assertEquals(place, ListedPlace.after(place.toString()));
        assertEquals(null, ListedPlace.after(null));
        assertEquals(null, ListedPlace.after(" "));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "abc",
                ",,,",
                "2026-11-29T08:30:06Z,0198a0e0-0000-7000-8000-000000000001,BARMAN",
                "2026-11-29T08:30:06Z,0198a0e0-0000-7000-8000-000000000001,OTHER,x",
                "2026-11-29T08:30:06Z,no-id,BARMAN,x",
                "+999999999-12-31T00:00:00Z,0198a0e0-0000-7000-8000-000000000001,BARMAN,x"
            })
    void whatNoPageGaveIsRefused(String after) {
        Failure.Invalid refused = assertThrows(Failure.Invalid.class, () -> ListedPlace.after(after));
        assertEquals("after", refused.field());
    }
}
