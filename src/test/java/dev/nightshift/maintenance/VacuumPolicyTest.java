package dev.nightshift.maintenance;

import static dev.nightshift.testing.Refused.refusedField;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.maintenance.VacuumPolicy.FreezeLimits;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Random;
import net.jqwik.api.Arbitraries;
import net.jqwik.api.Arbitrary;
import net.jqwik.api.Combinators;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.Provide;
import net.jqwik.api.constraints.LongRange;
import org.junit.jupiter.api.Test;

class VacuumPolicyTest {
    private static final FreezeLimits LIMITS = new FreezeLimits(200_000_000, 400_000_000);
    private final VacuumPolicy policy = VacuumPolicy.standard();

    @Test
    void twentyPercentDeadIsNotYetDueAndOneRowMoreIs() {
        assertTrue(policy.need(table(80_000, 20_000, 0, 0, 0), LIMITS).isEmpty());
        VacuumNeed need = policy.need(table(80_000, 20_001, 0, 0, 0), LIMITS).orElseThrow();
        assertTrue(need.vacuum() && need.analyze() && !need.freeze());
        assertEquals(List.of("20 % of its rows are dead (20,001)"), need.reasons());
    }

    @Test
    void tenPercentChangedCallForAnAnalyzeAlone() {
        assertTrue(policy.need(table(100_000, 0, 10_000, 0, 0), LIMITS).isEmpty());
        VacuumNeed need = policy.need(table(100_000, 0, 10_001, 0, 0), LIMITS).orElseThrow();
        assertTrue(need.analyze() && !need.vacuum());
    }

    @Test
    void rowsOnlyInsertedCallForAVacuumToo() {
        VacuumNeed need = policy.need(table(100_000, 0, 0, 30_000, 0), LIMITS).orElseThrow();
        assertTrue(need.vacuum());
        assertTrue(need.reasons().get(0).contains("inserted"));
    }

    @Test
    void threeQuartersOfTheWayToWraparoundComeFirstWhateverTheSizeOfTheTable() {
        TableStatistics old = table("old", 10, 0, 0, 0, 150_000_000);
        TableStatistics bloated = table("bloated", 1, 1_000_000, 0, 0, 0);
        List<VacuumNeed> due = policy.due(List.of(bloated, old), LIMITS);
        assertEquals("old", due.get(0).table().name());
        assertTrue(due.get(0).vacuum() && due.get(0).freeze() && !due.get(0).analyze());
        assertTrue(policy.need(table(10, 0, 0, 0, 149_999_999), LIMITS).isEmpty());
    }

    @Test
    void aParentOfPartitionsIsAnalyzedWhenItNeverWasAndNeverVacuumed() {
        TableStatistics parent = new TableStatistics(1, "s", "p", true, 5_000, 9_000, 0, 0, 0, 0, 0, 0, false, 0, 0);
        VacuumNeed need = policy.need(parent, LIMITS).orElseThrow();
        assertTrue(need.analyze() && !need.vacuum());
        TableStatistics analyzed = new TableStatistics(1, "s", "p", true, 5_000, 9_000, 0, 0, 0, 0, 0, 1, true, 0, 0);
        assertTrue(policy.need(analyzed, LIMITS).isEmpty());
    }

    @Test
    void deadLongValuesCallForAVacuumThoughTheirTableHasFewRows() {
        TableStatistics documents =
                new TableStatistics(1, "s", "documents", false, 90, 90, 9_000, 9_000, 0, 0, 0, 0, true, 0, 0);
        assertTrue(policy.need(documents, LIMITS).orElseThrow().vacuum());
    }

    @Test
    void theLimitsCanBeAdjustedAndNonsenseIsRefusedByField() {
        assertTrue(
                VacuumPolicy.of(5, 10, 10).need(table(100, 11, 0, 0, 0), LIMITS).isPresent());
        assertEquals("deadPercent", refusedField(() -> VacuumPolicy.of(0, 10, 10)));
        assertEquals("changedPercent", refusedField(() -> VacuumPolicy.of(20, 101, 10)));
        assertEquals("floorRows", refusedField(() -> VacuumPolicy.of(20, 10, -1)));
    }

    @Property
    void belowTheFloorNothingButAgeIsDue(
            @ForAll @LongRange(min = 0, max = 999) long dead,
            @ForAll @LongRange(min = 0, max = 999) long changed,
            @ForAll @LongRange(min = 0, max = 999) long inserted,
            @ForAll @LongRange(min = 0, max = 1_000_000) long live) {
        assertTrue(policy.need(table(live, dead, changed, inserted, 0), LIMITS).isEmpty());
    }

    @Property
    void moreDeadRowsNeverMakeATableLessUrgent(
            @ForAll("tables") TableStatistics table, @ForAll @LongRange(min = 0, max = 1_000_000) long more) {
        TableStatistics worse = table(
                table.liveRows(), table.deadRows() + more, table.changedRows(), table.insertedRows(), table.xidAge());
        double before = policy.need(table, LIMITS).map(VacuumNeed::urgency).orElse(0.0);
        double after = policy.need(worse, LIMITS).map(VacuumNeed::urgency).orElse(0.0);
        assertTrue(after >= before);
    }

    @Property
    void theOrderDoesNotDependOnTheOrderOfTheQuestion(
            @ForAll("lists") List<TableStatistics> tables, @ForAll long seed) {
        List<TableStatistics> shuffled = new ArrayList<>(tables);
        Collections.shuffle(shuffled, new Random(seed));
        List<VacuumNeed> due = policy.due(tables, LIMITS);
        assertEquals(due, policy.due(shuffled, LIMITS));
        for (int at = 1; at < due.size(); at++) {
            assertTrue(due.get(at - 1).urgency() >= due.get(at).urgency());
        }
    }

    @Property
    void whatIsDueHasSomethingToDoAndSaysWhy(@ForAll("tables") TableStatistics table) {
        policy.need(table, LIMITS).ifPresent(need -> {
            assertTrue(need.vacuum() || need.analyze());
            assertFalse(need.reasons().isEmpty());
            assertTrue(need.urgency() > 0);
        });
    }

    @Provide
    Arbitrary<TableStatistics> tables() {
        Arbitrary<Long> rows = Arbitraries.longs().between(0, 2_000_000);
        return Combinators.combine(rows, rows, rows, rows, Arbitraries.longs().between(0, 250_000_000))
                .as(VacuumPolicyTest::table);
    }

    @Provide
    Arbitrary<List<TableStatistics>> lists() {
        return tables().list().ofMaxSize(20).map(tables -> {
            List<TableStatistics> named = new ArrayList<>();
            for (TableStatistics table : tables) {
                named.add(table(
                        "t" + named.size(),
                        table.liveRows(),
                        table.deadRows(),
                        table.changedRows(),
                        table.insertedRows(),
                        table.xidAge()));
            }
            return named;
        });
    }

    private static TableStatistics table(long live, long dead, long changed, long inserted, long age) {
        return table("t", live, dead, changed, inserted, age);
    }

    private static TableStatistics table(String name, long live, long dead, long changed, long inserted, long age) {
        return new TableStatistics(1, "public", name, false, live, dead, 0, 0, changed, inserted, 0, 0, true, age, 0);
    }
}
