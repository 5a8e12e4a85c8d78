package dev.nightshift.backup;

import static dev.nightshift.testing.Api.json;
import static dev.nightshift.testing.Refused.refusedField;
import static org.junit.jupiter.api.Assertions.assertEquals;

import jakarta.json.JsonObject;
import java.time.Instant;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** A point in the form of a restore plan, in a run's parameters. */
class PointParametersTest {
    private static final Instant NOW = Instant.parse("2026-02-01T12:00:00Z");

    private static JsonObject plain(String given) {
        return PointParameters.plain(json(given), NOW);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'to': {'time': '2026-02-01T03:04:05Z'}} | {'to': 'time', 'point': '2026-02-01T03:04:05Z'}",
                "{'to': {'lsn': '16/B374D848'}, 'timeline': 2} | {'to': 'lsn', 'timeline': 2, 'point': '16/B374D848'}",
                "{'to': {'xid': '74512'}, 'from': 'nas'} | {'to': 'xid', 'from': 'nas', 'point': '74512'}",
                "{'to': {'xid': 74512}} | {'to': 'xid', 'point': '74512'}",
                "{'to': {'name': 'before', 'time': null}} | {'to': 'name', 'point': 'before'}",
                "{'to': {'latest': true}} | {'to': 'latest'}",
                "{'to': {'latest': true}, 'point': null} | {'to': 'latest'}"
            })
    void whatAPlanIsAskedWithIsSaidAsTheJobsDeclareIt(String given, String plain) {
        assertEquals(json(plain), plain(given));
    }

    @Test
    void whatIsSaidSoAlreadyStaysAsItIs() {
        for (String given : new String[] {
            "{}", "{'to': 'lsn', 'point': '0/1'}", "{'to': null}", "{'to': 'time', 'point': 'yesterday'}", "{'to': 7}"
        }) {
            assertEquals(json(given), plain(given));
        }
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'to': {}} | parameters.to",
                "{'to': {'time': null}} | parameters.to",
                "{'to': {'lsn': '0/1', 'xid': '800'}} | parameters.to",
                "{'to': {'latest': true, 'lsn': '0/1'}} | parameters.to",
                "{'to': {'latest': false}} | parameters.to.latest",
                "{'to': {'latest': 'true'}} | parameters.to.latest",
                "{'to': {'backup': true}} | parameters.to.backup",
                "{'to': {'lsn': '0/1', 'when': 'now'}} | parameters.to.when",
                "{'to': {'time': 'yesterday'}} | parameters.to.time",
                "{'to': {'time': '2026-02-01T12:00:01Z'}} | parameters.to.time",
                "{'to': {'lsn': 'nowhere'}} | parameters.to.lsn",
                "{'to': {'lsn': {}}} | parameters.to.lsn",
                "{'to': {'xid': 2}} | parameters.to.xid",
                "{'to': {'xid': 1.5}} | parameters.to.xid",
                "{'to': {'name': ''}} | parameters.to.name",
                "{'to': {'lsn': '0/1'}, 'point': '0/1'} | parameters.point",
                "{'to': {'latest': true}, 'point': ''} | parameters.point"
            })
    void whatContradictsItselfIsRefusedByTheFieldThatTheCallerWrote(String given, String field) {
        assertEquals(field, refusedField(() -> plain(given)));
    }
}
