package dev.nightshift.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpExchange;
import com.sun.net.httpserver.HttpServer;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** What a real Nightshift does not do on request: every refusal, an answer that is none, a silence in the middle. */
class CommandsTest {
    private static final String KEY = "ns_a-key-for-tests";

    private Path home;
    private HttpServer server;

    private final List<String> asked = Collections.synchronizedList(new ArrayList<>());
    private final Map<String, List<Answer>> answers = new HashMap<>();

    private record Answer(int status, String type, String body) {}

    @BeforeEach
    void start(@TempDir Path folder) throws IOException {
        home = folder;
        server = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        server.createContext("/", this::answer);
        server.start();
    }

    @AfterEach
    void stop() {
        server.stop(0);
    }

    private void answer(HttpExchange exchange) throws IOException {
        String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
        String request = exchange.getRequestMethod() + " " + exchange.getRequestURI();
        asked.add((request + " " + body).strip());
        List<Answer> left = answers.getOrDefault(request, List.of());
        Answer answer = left.isEmpty() ? new Answer(404, "text/plain", "nothing") : left.get(0);
        if (left.size() > 1) {
            left.remove(0);
        }
        exchange.getResponseHeaders().add("Content-Type", answer.type());
        exchange.getResponseHeaders().add("Location", "https://elsewhere.example.com/");
        byte[] bytes = answer.body().getBytes(StandardCharsets.UTF_8);
        exchange.sendResponseHeaders(answer.status(), bytes.length == 0 ? -1 : bytes.length);
        exchange.getResponseBody().write(bytes);
        exchange.close();
    }

    private void answers(String request, int status, String type, String... bodies) {
        List<Answer> list = answers.computeIfAbsent(request, key -> new ArrayList<>());
        for (String body : bodies) {
            list.add(new Answer(status, type, body));
        }
    }

    private void answers(String request, String... bodies) {
        answers(request, 200, "application/json", bodies);
    }

    private RecordedShell shell() {
        return RecordedShell.of(Map.of(
                "NIGHTSHIFT_URL",
                "http://127.0.0.1:" + server.getAddress().getPort(),
                "NIGHTSHIFT_KEY",
                KEY,
                "NIGHTSHIFT_PROJECT",
                "demo",
                "XDG_CONFIG_HOME",
                home.toString()));
    }

    @ParameterizedTest
    @CsvSource({"400, 2", "401, 3", "403, 3", "404, 4", "409, 6", "413, 2", "422, 2", "429, 5", "500, 5", "503, 5"})
    void everyRefusalHasItsCodeAndOneLineThatSaysWhatAndWhatToDo(int status, int code) {
        answers(
                "GET /api/projects/demo/schedules",
                status,
                "application/problem+json",
                "{\"status\":1,\"detail\":\"It is\\nso.\",\"field\":\"name\",\"remedy\":\"Do that.\"}");
        RecordedShell shell = shell();
        assertEquals(code, shell.run("schedule", "list"));
        assertEquals("nightshift: name: It is so. Do that.\n", shell.said());
        assertEquals("", shell.printed());
    }

    @ParameterizedTest
    @CsvSource({
        "200, text/html, <p>hello",
        "204, application/json, ''",
        "302, text/html, moved",
        "502, text/html, <h1>Bad gateway"
    })
    void whatIsNoAnswerOfNightshiftsIsNotTakenForOne(int status, String type, String body) {
        answers("GET /api/projects/demo/schedules", status, type, body);
        RecordedShell shell = shell();
        assertEquals(5, shell.run("schedule", "list"));
        assertTrue(shell.said().startsWith("nightshift: "), shell.said());
        assertFalse(shell.said().contains(KEY), shell.said());
    }

    @Test
    void aServerThatIsNotThereIsNotReachable() {
        server.stop(0);
        RecordedShell shell = shell();
        assertEquals(5, shell.run("job", "list"));
        assertTrue(shell.said().contains("Nobody answers at http://127.0.0.1:"), shell.said());
    }

    @Test
    void whoeverWaitsOutlastsAServerThatStartsAnew() {
        String run =
                "{\"id\":\"01a1fd6a-f8b1-73eb-b7f6-77f4b37ee9e1\",\"job\":\"backup\",\"status\":\"%s\",\"targets\":[]}";
        String path = "GET /api/projects/demo/runs/01a1fd6a-f8b1-73eb-b7f6-77f4b37ee9e1";
        answers("POST /api/projects/demo/runs", 202, "application/json", run.formatted("QUEUED"));
        answers(path, run.formatted("STARTED"));
        answers(path, 503, "application/problem+json", "{\"detail\":\"The repository is away.\"}");
        answers(path, run.formatted("QUEUED"), run.formatted("PARTIAL"));
        RecordedShell shell = shell();
        assertEquals(1, shell.run("run", "start", "backup", "-d", "shop,crm", "-d", "hr", "--wait"));
        assertTrue(
                asked.get(0).endsWith("{\"job\":\"backup\",\"databases\":[\"shop\",\"crm\",\"hr\"],\"parameters\":{}}"),
                asked.get(0));
        assertEquals("▲ partly failed  backup  01a1fd6a-f8b1-73eb-b7f6-77f4b37ee9e1\n", shell.printed());
        assertTrue(shell.said().contains("backup  ○ queued"), shell.said());
    }

    /** A run that goes on after its node was lost is queued in the same transaction: who reads LOST reads the end. */
    @Test
    void aLostRunIsOver() {
        String run =
                "{\"id\":\"01a1fd6a-f8b1-73eb-b7f6-77f4b37ee9e1\",\"job\":\"backup\",\"status\":\"%s\",\"targets\":[]}";
        String path = "GET /api/projects/demo/runs/01a1fd6a-f8b1-73eb-b7f6-77f4b37ee9e1";
        answers("POST /api/projects/demo/runs", 202, "application/json", run.formatted("STARTED"));
        answers(path, run.formatted("LOST"));
        RecordedShell shell = shell();
        assertEquals(1, shell.run("run", "start", "backup", "-d", "shop", "--wait"));
        assertEquals(1, asked.stream().filter(path::equals).count());
        assertTrue(shell.said().contains("backup  ✖ lost"), shell.said());
    }

    @Test
    void valuesAreSentAsTheJobDeclaresThem() {
        answers("GET /api/jobs", """
                [{"name":"vacuum","parameters":[{"name":"maxMinutes","type":"INTEGER"},{"name":"freeze","type":"BOOLEAN"}]}]""");
        answers("POST /api/projects/demo/runs", 202, "application/json", "{\"id\":\"01a1\",\"status\":\"QUEUED\"}");
        RecordedShell shell = shell();
        assertEquals(
                0,
                shell.run(
                        "run",
                        "start",
                        "vacuum",
                        "--all",
                        "-p",
                        "maxMinutes=60",
                        "-p",
                        "freeze=true",
                        "-p",
                        "note=a=b"));
        String body = asked.get(asked.size() - 1);
        assertTrue(body.contains("\"databases\":[\"*\"]"), body);
        for (String value : List.of("\"maxMinutes\":60", "\"freeze\":true", "\"note\":\"a=b\"")) {
            assertTrue(body.contains(value), body);
        }
        assertEquals("01a1\n", shell.printed(), "a script takes the id from the standard output");
    }

    @Test
    void anEndOfAnIdIsEnoughWhereOneRunHasIt() {
        String list = "GET /api/projects/demo/runs?limit=500";
        answers(list, "{\"items\":[{\"id\":\"01a1-9e1\"},{\"id\":\"01a1-7c2\"}],\"next\":null}");
        answers("POST /api/projects/demo/runs/01a1-7c2/stop", 202, "application/json", "{\"id\":\"01a1-7c2\"}");
        assertEquals(0, shell().run("run", "stop", "1-7c2"));
        assertEquals(2, shell().run("run", "stop", "01a1"), "two begin like that");
        assertEquals(4, shell().run("run", "stop", "ffff"));
        assertEquals(4, shell().run("run", "stop", "../../x"));
    }

    @Test
    void aListLongerThanAPageIsFetchedInPages() {
        String item = "{\"id\":\"x\"},".repeat(500);
        String page = "{\"items\":[" + item.substring(0, item.length() - 1) + "],\"next\":\"n\"}";
        answers("GET /api/projects/demo/backups?limit=500", page);
        answers("GET /api/projects/demo/backups?after=n&limit=20", "{\"items\":[{\"id\":\"y\"}],\"next\":null}");
        answers("GET /api/projects/demo/backups?limit=20&after=n", "{\"items\":[{\"id\":\"y\"}],\"next\":null}");
        RecordedShell shell = shell();
        assertEquals(0, shell.run("backup", "list", "--limit", "520", "--json"));
        assertTrue(shell.printed().endsWith("{\"id\":\"y\"}],\"next\":null}\n"), "the last page");
    }

    @Test
    void aScheduleIsPausedUntilATimeInTheReadersZone() {
        answers("POST /api/projects/demo/schedules/nightly/pause", "{\"name\":\"nightly\",\"zone\":\"UTC\"}");
        assertEquals(0, shell().run("schedule", "pause", "nightly", "--why", "Umzug", "--until", "2026-12-01 07:00"));
        assertTrue(asked.get(0).endsWith("{\"why\":\"Umzug\",\"until\":\"2026-12-01T06:00:00Z\"}"), asked.get(0));
        assertEquals(0, shell().run("schedule", "pause", "nightly", "--why", "Umzug"));
        assertTrue(asked.get(1).endsWith("{\"why\":\"Umzug\",\"until\":null}"), asked.get(1));
    }

    @Test
    void aPreviewIsInTheSchedulesZoneAndTheReaders() {
        answers("POST /api/schedules/preview", "{\"fires\":[\"2026-11-28T07:15:00Z\"]}");
        RecordedShell shell = shell();
        assertEquals(0, shell.run("schedule", "preview", "15 2 * * *", "--zone", "America/New_York"));
        assertEquals("""
                IN America/New_York          IN Europe/Vienna (YOURS)
                Sat 2026-11-28 02:15 -05:00  Sat 2026-11-28 08:15 +01:00
                """, shell.printed());
    }

    @Test
    void aNodeIsDrainedByItsName() {
        answers(
                "GET /api/nodes",
                "[{\"id\":\"n1\",\"name\":\"a\",\"alive\":false},{\"id\":\"n2\",\"name\":\"a\",\"alive\":true}]");
        answers("POST /api/nodes/n2/drain", 202, "application/json", "{}");
        assertEquals(0, shell().run("node", "drain", "a"));
        assertEquals(4, shell().run("node", "drain", "b"));
    }

    @ParameterizedTest
    @CsvSource({
        "run",
        "run strat",
        "run show",
        "run list --limit 0",
        "run list --from soon",
        "schedule pause x",
        "--nonsense"
    })
    void wrongUsageEndsWithTwoAndALine(String arguments) {
        RecordedShell shell = shell();
        assertEquals(2, shell.run(arguments.split(" ")));
        assertTrue(shell.said().startsWith("nightshift: "), shell.said());
        assertEquals(List.of(), asked);
    }

    @Test
    void theLoginStoresNothingThatWasNotChecked() {
        answers("GET /api/me", 401, "application/problem+json", "{\"detail\":\"This key is not known.\"}");
        RecordedShell shell = shell();
        assertEquals(3, shell.run("login"));
        assertEquals("nightshift: This key is not known. Log in again with nightshift login.\n", shell.said());
        assertFalse(SettingsFile.of(shell.shell()).read().isPresent());
    }

    @Test
    void theLoginTakesTheOnlyProject() {
        answers("GET /api/me", "{\"name\":\"ci\"}");
        answers("GET /api/projects", "{\"items\":[{\"name\":\"demo\"}],\"next\":null}");
        RecordedShell shell = shell();
        assertEquals(4, shell.run("login", "--project", "other"));
        assertEquals(0, shell.run("login", "--json"));
        assertEquals("demo", SettingsFile.of(shell.shell()).read().orElseThrow().project());
        assertFalse((shell.printed() + shell.said()).contains(KEY), "the key is shown nowhere");
        assertEquals(0, shell.run("logout"));
        assertFalse(SettingsFile.of(shell.shell()).read().isPresent());
    }
}
