package dev.nightshift.fleet;

import static dev.nightshift.testing.Refused.refusedField;
import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class MemberTest {
    private static List<String> checked(String... members) {
        return Member.checked("db1.example.com", 5432, Arrays.asList(members));
    }

    @Test
    void aMemberWithoutAPortHasThatOfTheInstance() {
        assertEquals(
                List.of(new Member("db1", 6000), new Member("db2", 6000), new Member("db3", 5433)),
                Member.all("db1", 6000, List.of("db2", "db3:5433")));
    }

    @Test
    void anIpv6AddressStandsInBracketsAndIsKeptWithoutThem() {
        assertEquals(
                List.of(new Member("db1", 5432), new Member("fe80::2", 5432), new Member("::1", 5433)),
                Member.all("db1", 5432, List.of("[fe80::2]", "[::1]:5433")));
    }

    @Test
    void theyAreKeptAsTheyAreEntered() {
        List<String> entered = List.of("db2", "[::1]:5433", "10.0.0.3:5432");
        assertEquals(entered, Member.checked("db1", 5432, entered));
        assertEquals(List.of(), Member.checked("db1", 5432, null));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "",
                " ",
                "::1",
                "[::1",
                "[]:5432",
                "db2:",
                "db2:0",
                "db2:65536",
                "db2:port",
                "a b",
                "a,b:5432",
                "db/other:5432",
                "db2:5432:5433",
                "u@db2",
                "[db2]:5432"
            })
    void whatIsNoHostAndPortIsRefusedByItsPlace(String text) {
        assertEquals("members[1]", refusedField(() -> checked("db2", text)));
    }

    @Test
    void nullInTheListIsRefusedByItsPlace() {
        assertEquals("members[0]", refusedField(() -> Member.checked("db1", 5432, Arrays.asList((String) null))));
    }

    @ParameterizedTest
    @ValueSource(strings = {"db2", "db2:5432", "DB2", "db1.example.com", "DB1.example.com:5432"})
    void oneThatIsThereAlreadyIsRefused(String text) {
        assertEquals("members[1]", refusedField(() -> checked("db2", text)));
    }

    @Test
    void theSameHostAtAnotherPortIsAnotherServer() {
        assertEquals(2, checked("db1.example.com:5433", "db1.example.com:5434").size());
    }

    @Test
    void atMostSevenStandBesideTheInstancesOwn() {
        String[] seven =
                Stream.iterate(2, i -> i + 1).limit(7).map(i -> "db" + i).toArray(String[]::new);
        assertEquals(7, checked(seven).size());
        assertEquals("members", refusedField(() -> checked("a", "b", "c", "d", "e", "f", "g", "h")));
    }
}
