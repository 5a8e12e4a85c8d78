package dev.nightshift.backup.evidence;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.backup.evidence.EvidenceQueries.Column;
import java.util.List;
import org.junit.jupiter.api.Test;

class EvidenceQueriesTest {
    @Test
    void columnsAreNamedThroughTheAliasEvenWhereOneIsCalledLikeIt() {
        assertEquals(
                "select count(*) as rows, coalesce(sum(hash_record_extended(row(r.\"r\", r.\"od\"\"d\"), 0)), 0)::text as hash"
                        + " from only public.t as r",
                EvidenceQueries.rows(
                        "public.t",
                        true,
                        List.of(new Column("r", true, false), new Column("od\"d", true, false)),
                        null));
    }

    @Test
    void textIsHashedUnderCollationCAndWhatHasNoHashAsText() {
        assertEquals(
                "select count(*) as rows, coalesce(sum(hash_record_extended(row(r.\"a\" collate \"C\","
                        + " row(r.\"b\")::text collate \"C\"), 0)), 0)::text as hash from t as r",
                EvidenceQueries.rows(
                        "t", false, List.of(new Column("a", true, true), new Column("b", false, false)), null));
    }

    @Test
    void aSampleNamesItsShareAndItsSeed() {
        assertEquals(
                "select count(*) as rows, 0::text as hash from only t as r tablesample system (2.5000) repeatable (1)",
                EvidenceQueries.rows("t", true, List.of(), 2.5));
    }
}
