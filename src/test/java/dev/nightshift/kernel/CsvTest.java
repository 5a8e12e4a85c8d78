package dev.nightshift.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;

class CsvTest {
    @Test
    void cellsAreQuotedWhereTheyMustBeAndNullIsEmpty() {
        assertEquals(
                "a,,\"b,c\",\"say \"\"so\"\"\",\"two\nlines\"\r\n",
                Csv.line(Arrays.asList("a", null, "b,c", "say \"so\"", "two\nlines")));
    }

    @Test
    void noTextIsRunAsAFormulaAndNumbersStayNumbers() {
        assertEquals("'=1+1,'@x,'-2,'+3,-2\r\n", Csv.line(List.of("=1+1", "@x", "-2", "+3", -2)));
    }
}
