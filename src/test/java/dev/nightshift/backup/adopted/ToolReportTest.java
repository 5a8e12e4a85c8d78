package dev.nightshift.backup.adopted;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.adopted.AdoptedBackup.Kind;
import dev.nightshift.kernel.Failure;
import jakarta.json.Json;
import jakarta.json.JsonReader;
import jakarta.json.JsonStructure;
import java.io.IOException;
import java.io.InputStream;
import java.io.StringReader;
import java.time.Instant;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** The reports are what the tools printed of one server, but for its address. */
class ToolReportTest {
    private static final String SYSTEM = "7713507688531470788";

    private static JsonStructure printed(String file) throws IOException {
        try (InputStream in =
                        Objects.requireNonNull(ToolReportTest.class.getResourceAsStream("/adopted/" + file), file);
                JsonReader reader = Json.createReader(in)) {
            return reader.read();
        }
    }

    private static JsonStructure json(String text) {
        try (JsonReader reader = Json.createReader(new StringReader(text.replace('\'', '"')))) {
            return reader.read();
        }
    }

    @Test
    void whatPgBackRestPrintsIsRead() throws IOException {
        ToolReport report = ToolReport.pgBackRest(printed("pgbackrest-2.45.json"), null, SYSTEM);
        assertEquals("shop", report.name());
        assertEquals(
                List.of(
                        new AdoptedBackup(
                                "20261129-082925F",
                                Kind.FULL,
                                null,
                                false,
                                Instant.ofEpochSecond(1795940965),
                                Instant.ofEpochSecond(1795940969),
                                23721756L,
                                2872283L),
                        new AdoptedBackup(
                                "20261129-082925F_20261129-082930D",
                                Kind.DIFFERENTIAL,
                                "20261129-082925F",
                                false,
                                Instant.ofEpochSecond(1795940970),
                                Instant.ofEpochSecond(1795940971),
                                23721756L,
                                103990L),
                        new AdoptedBackup(
                                "20261129-082925F_20261129-082932I",
                                Kind.INCREMENTAL,
                                "20261129-082925F_20261129-082930D",
                                false,
                                Instant.ofEpochSecond(1795940972),
                                Instant.ofEpochSecond(1795940974),
                                23721756L,
                                389L)),
                report.backups());
    }

    @Test
    void whatBarmanPrintsIsRead() throws IOException {
        ToolReport report = ToolReport.barman(printed("barman-3.4.json"), null);
        assertEquals("shop", report.name());
        assertEquals(
                List.of(new AdoptedBackup(
                        "20261129T083003",
                        Kind.FULL,
                        null,
                        false,
                        null,
                        Instant.ofEpochSecond(1795941006),
                        null,
                        40645044L)),
                report.backups());
    }

    @Test
    void aStanzaOfAnotherServerIsRefused() {
        Failure.Invalid refused = assertThrows(
                Failure.Invalid.class,
                () -> ToolReport.pgBackRest(printed("pgbackrest-2.45.json"), "shop", "7000000000000000001"));
        assertAll(
                () -> assertEquals("name", refused.field()),
                () -> assertTrue(refused.getMessage().contains("7000000000000000001"), refused.getMessage()));
    }

    @Test
    void aListThatLacksWhatARepositoryDidNotTellIsRefusedWithTheReason() {
        String failing = "{'key':2,'status':{'code':99,'message':'[PathOpenError] unable to list file info'}}";
        String lacking = "[{'name':'shop','db':[{'id':1,'system-id':11}],'backup':[" + backup("of-1", 1)
                + "],'repo':[{'key':1,'status':{'code':0,'message':'ok'}}," + failing + "],'status':{'code':4}}]";
        // So is one that could read none at all: by its name, or by the name that pgBackRest gives it
        String nothing = "[{'name':'[invalid]','db':[],'backup':[],'repo':[" + failing + "],'status':{'code':99}}]";
        for (String report : List.of(lacking, nothing)) {
            Failure.Invalid refused =
                    assertThrows(Failure.Invalid.class, () -> ToolReport.pgBackRest(json(report), "shop", "11"));
            assertTrue(
                    refused.getMessage().contains("repository 2: [PathOpenError] unable to list"),
                    refused.getMessage());
        }
        String empty = "{'key':2,'status':{'code':2,'message':'no valid backups'}}";
        assertEquals(
                List.of("of-1"),
                ToolReport.pgBackRest(json(lacking.replace(failing, empty)), "shop", "11").backups().stream()
                        .map(AdoptedBackup::label)
                        .toList());
    }

    @Test
    void backupsOfTheClusterBeforeAnUpgradeAreLeftOut() {
        String two = "[{'name':'shop','db':[{'id':1,'system-id':11},{'id':2,'system-id':22}],'backup':["
                + backup("old", 1) + "," + backup("new", 2) + "]}]";
        assertEquals(
                List.of("new"),
                ToolReport.pgBackRest(json(two), null, "22").backups().stream()
                        .map(AdoptedBackup::label)
                        .toList());
        assertEquals(2, ToolReport.pgBackRest(json(two), null, null).backups().size());
    }

    private static String backup(String label, int server) {
        return "{'label':'" + label + "','type':'full','error':true,'database':{'id':" + server
                + "},'timestamp':{'start':1,'stop':2},'info':{'size':5}}";
    }

    @Test
    void whatTheToolCallsFaultyIsAndASizeThatIsNotToldIsNone() {
        AdoptedBackup faulty = ToolReport.pgBackRest(
                        json("[{'name':'s','db':[{'id':1,'system-id':1}],'backup':[" + backup("l", 1) + "]}]"),
                        null,
                        null)
                .backups()
                .get(0);
        assertTrue(
                faulty.failed()
                        && faulty.storedBytes() == null
                        && Long.valueOf(5).equals(faulty.sizeBytes()),
                faulty::toString);
        AdoptedBackup begun = ToolReport.barman(json("{'s':[{'backup_id':'20261129T083003','status':'FAILED'}]}"), null)
                .backups()
                .get(0);
        assertTrue(begun.failed() && begun.endedAt() == null, begun::toString);
    }

    @ParameterizedTest
    @CsvSource(
            delimiter = '|',
            quoteCharacter = '`',
            value = {
                "PGBACKREST | {}                                             |      |      | it is no array",
                "PGBACKREST | []                                             |      | name | names no stanza",
                "PGBACKREST | [3]                                            |      |      | something else than objects",
                "PGBACKREST | [{'name':'a'},{'name':'b'}]                    |      | name | Say which stanza this server is: a, b",
                "PGBACKREST | [{'name':'a'}]                                 | c    | name | it has a.",
                "PGBACKREST | [{'name':'a'}]                                 |      |      | no array \"db\"",
                "PGBACKREST | [{'name':'a','db':[{'id':1,'system-id':1}]}]   |      |      | no array \"backup\"",
                "BARMAN     | []                                             |      |      | it is no object",
                "BARMAN     | {'_ERROR':['Unknown server']}                  |      |      | Unknown server",
                "BARMAN     | {'a':[],'b':[]}                                |      | name | Say which server this server is: a, b",
                "BARMAN     | {'a':[{'backup_id':'1'}]}                      |      |      | no text \"status\"",
                "BARMAN     | {'a':[{'backup_id':'1','status':'DONE','end_time_timestamp':'x'}]} | | | no number of seconds",
                "BARMAN     | {'a':[{'backup_id':'1','status':'DONE','end_time_timestamp':'99999999999999'}]} | | | a time is none",
            })
    void whatIsNoReportIsRefusedWithAReason(
            ToolReport.Tool tool, String report, @Nullable String name, @Nullable String field, String why) {
        Failure.Invalid refused = assertThrows(Failure.Invalid.class, () -> {
            if (tool == ToolReport.Tool.BARMAN) {
                ToolReport.barman(json(report), name);
            } else {
                ToolReport.pgBackRest(json(report), name, null);
            }
        });
        assertAll(
                () -> assertEquals(field, refused.field()),
                () -> assertTrue(refused.getMessage().contains(why), refused.getMessage()));
    }

    @Test
    void moreBackupsThanAreTakenAndTwiceTheSameAreRefused() {
        String one = "{'backup_id':'%d','status':'DONE'}";
        String many = String.join(
                ",",
                java.util.stream.IntStream.rangeClosed(0, ToolReport.MOST_BACKUPS)
                        .mapToObj(one::formatted)
                        .toList());
        assertTrue(assertThrows(Failure.Invalid.class, () -> ToolReport.barman(json("{'s':[" + many + "]}"), null))
                .getMessage()
                .contains("at most 5000"));
        String twice = one.formatted(1) + "," + one.formatted(1);
        assertThrows(Failure.Invalid.class, () -> ToolReport.barman(json("{'s':[" + twice + "]}"), null));
    }
}
