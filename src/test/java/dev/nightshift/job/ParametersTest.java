package dev.nightshift.job;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.finding.Severity;
import dev.nightshift.kernel.Failure;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.StringReader;
import java.util.List;
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class ParametersTest {
    private static final JobDefinition JOB = new JobDefinition(
            "demo",
            "Demo",
            "",
            Unit.DATABASE,
            "demo",
            false,
            Severity.WARNING,
            Severity.INFO,
            List.of("one"),
            List.of(
                    Parameter.integer("rate", "Rate", "bytes a second", null, 1, 100),
                    Parameter.flag("fast", "Fast", "", true),
                    Parameter.text("folder", "Folder", "where to", true),
                    Parameter.choice("mode", "Mode", "", "safe", "safe", "bold")));

    private static JsonObject json(String text) {
        try (var reader = Json.createReader(new StringReader(text))) {
            return reader.readObject();
        }
    }

    @Test
    void whatIsNotGivenGetsItsDefault() {
        var parameters = Parameters.check(JOB, json("{\"folder\":\"/x\"}"));
        assertEquals(7, parameters.longOr("rate", 7));
        assertTrue(parameters.flag("fast"));
        assertEquals(Optional.of("safe"), parameters.text("mode"));
        assertFalse(parameters.flag("unheard"));
    }

    @Test
    void whatNightshiftAloneGivesIsTakenAndNotTold() {
        var job = new JobDefinition(
                "demo",
                "Demo",
                "",
                Unit.DATABASE,
                "demo",
                false,
                Severity.WARNING,
                Severity.INFO,
                List.of("one"),
                List.of(Parameter.flag("fast", "Fast", "", true)),
                List.of(Parameter.text("request", "Request", "", false)));
        assertEquals(
                Optional.of("7"),
                Parameters.check(job, json("{\"request\":\"7\"}")).text("request"));
        Failure.Invalid refused =
                assertThrows(Failure.Invalid.class, () -> Parameters.check(job, json("{\"speed\":1}")));
        assertTrue(refused.getMessage().endsWith("it takes fast."), refused::getMessage);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{} | parameters.folder",
                "{'folder':3} | parameters.folder",
                "{'folder':'/x','rate':0} | parameters.rate",
                "{'folder':'/x','rate':101} | parameters.rate",
                "{'folder':'/x','rate':1.5} | parameters.rate",
                "{'folder':'/x','rate':99999999999999999999} | parameters.rate",
                "{'folder':'/x','rate':'5'} | parameters.rate",
                "{'folder':'/x','fast':'yes'} | parameters.fast",
                "{'folder':'/x','mode':'rash'} | parameters.mode",
                "{'folder':'/x','speed':1} | parameters.speed"
            })
    void whatBreaksTheRuleIsRefusedByName(String given, String field) {
        var refused = assertThrows(Failure.Invalid.class, () -> Parameters.check(JOB, json(given.replace('\'', '"'))));
        assertEquals(field, refused.field());
    }
}
