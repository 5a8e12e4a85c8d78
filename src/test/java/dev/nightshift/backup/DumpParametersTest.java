package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.backup.stored.DumpSelection.Table;
import dev.nightshift.job.Parameters;
import dev.nightshift.kernel.Failure;
import jakarta.json.Json;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class DumpParametersTest {
    private static Parameters tables(String text) {
        return Parameters.check(
                new BackupJob().definition(),
                Json.createObjectBuilder()
                        .add("kind", "logical")
                        .add("tables", text)
                        .build());
    }

    @Test
    void namesAreReadAsTheyAreWritten() {
        DumpSelection chosen = DumpParameters.selection(tables(" public.Orders , \"We\"\"ird, x\".\"N.ame*?\",a.b"));
        assertEquals(
                List.of(new Table("public", "Orders"), new Table("We\"ird, x", "N.ame*?"), new Table("a", "b")),
                chosen.tables());
        assertEquals("\"We\"\"ird, x\".\"N.ame*?\"", chosen.tables().get(1).quoted());
        assertTrue(chosen.holds("a", "b") && !chosen.holds("a", "B"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"orders", "a.b.c", "a.", ".b", "a.b,", "\"a\".\"b", "a.b c.d", "a.\"\"", "pub*.x"})
    void whatIsNoListOfTablesIsRefused(String text) {
        Failure.Invalid refused = assertThrows(Failure.Invalid.class, () -> DumpParameters.selection(tables(text)));
        assertEquals("parameters.tables", refused.field());
    }

    @Test
    void theSameChoiceHasTheSameTextInWhateverOrder() {
        String text = DumpParameters.selection(tables("b.c, a.b, b.c")).text();
        assertEquals("{\"tables\":[\"\\\"a\\\".\\\"b\\\"\",\"\\\"b\\\".\\\"c\\\"\"]}", text);
        assertEquals(text, DumpParameters.selection(tables("a.b,b.c")).text());
        assertEquals("", DumpSelection.ALL.text());
    }

    @Test
    void whatIsLeftOutDoesNotKeepExtensionsOut() {
        assertTrue(new DumpSelection(List.of(), List.of("a"), List.of(), List.of(new Table("a", "b"))).extensions());
        assertTrue(!new DumpSelection(List.of("a"), List.of(), List.of(), List.of()).extensions());
    }

    @Test
    void thereAreNotTooManyAndNoneIsTooLong() {
        String many = String.join(",", java.util.Collections.nCopies(51, "a.b"));
        assertThrows(Failure.Invalid.class, () -> DumpParameters.selection(tables(many)));
        assertThrows(Failure.Invalid.class, () -> DumpParameters.selection(tables("a." + "x".repeat(64))));
    }
}
