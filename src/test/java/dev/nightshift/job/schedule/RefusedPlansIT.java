package dev.nightshift.job.schedule;

import static dev.nightshift.testing.Api.json;
import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.util.List;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What cannot be planned, paused or previewed is refused by its field; nothing fires here. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class RefusedPlansIT {
    private TestProject project;

    @BeforeAll
    void aProject() {
        project = TestProject.create(Nightshift.shared().admin(), "refused-plans");
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'name': '', 'from': '2026-12-24', 'to': '2026-12-27', 'zone': 'UTC'} | name",
                "{'name': 'x', 'from': 'soon', 'to': '2026-12-27', 'zone': 'UTC'} | from",
                "{'name': 'x', 'from': '2026-12-24', 'to': '2026-12-24', 'zone': 'UTC'} | to",
                "{'name': 'x', 'from': '2026-12-24', 'to': '2028-12-24', 'zone': 'UTC', 'yearly': true} | to",
                "{'name': 'x', 'from': '2026-12-24', 'to': '2026-12-27', 'zone': 'Vienna'} | zone",
                "{'name': 'x', 'from': '2026-12-24', 'to': '2026-12-27', 'zone': 'UTC', 'jobs': ['vacuum', 'dance']} | jobs[1]"
            })
    void whatIsNoBlackoutIsRefusedByItsField(String body, String field) {
        assertEquals(
                field,
                project.api()
                        .post(project.path("blackouts"), json(body))
                        .expect(400)
                        .object()
                        .getString("field"));
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            value = {
                "{'cron': '0 2 * *', 'zone': 'UTC'} | cron",
                "{'cron': '0 2 31 2 *', 'zone': 'UTC'} | cron",
                "{'cron': '0 2 * * *', 'zone': 'Berlin'} | zone",
                "{} | zone"
            })
    void aPreviewNamesTheFieldThatIsNotThereYet(String body, String field) {
        assertEquals(
                field,
                project.api()
                        .post("api/schedules/preview", json(body))
                        .expect(422)
                        .object()
                        .getString("field"));
    }

    @Test
    void aPreviewShowsFiveTimes() {
        JsonObject preview = project.api()
                .post("api/schedules/preview", json("{'cron': '@monthly', 'zone': 'Europe/Berlin'}"))
                .expect(200)
                .object();
        assertEquals(5, preview.getJsonArray("fires").size(), preview.toString());
    }

    @Test
    void aPauseNeedsAReasonAndAnEndAhead() {
        project.api()
                .post(
                        project.path("schedules"),
                        json(
                                "{'name': 'reasons', 'job': 'vacuum', 'cron': '0 3 1 1 *', 'zone': 'UTC', 'databases': ['*']}"))
                .expect(201);
        for (String body : List.of("{}", "{'why': ' '}", "{'why': 'x', 'until': '2020-01-01T00:00:00Z'}")) {
            project.api()
                    .post(project.path("schedules/reasons/pause"), json(body))
                    .expect(400);
        }
    }
}
