package dev.nightshift.testing;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.function.Predicate;

/** A project of a test, over REST. */
public final class TestProject {
    private static final Set<String> ENDED =
            Set.of("COMPLETED", "PARTIAL", "FAILED", "STOPPED", "LOST", "SKIPPED", "MISSED");

    private final Api api;
    private final String name;

    private TestProject(Api api, String name) {
        this.api = api;
        this.name = name;
    }

    /** Creates it. */
    public static TestProject create(Api admin, String name) {
        admin.post(
                        "api/projects",
                        Json.createObjectBuilder()
                                .add("name", name)
                                .add("displayName", name)
                                .add("timeZone", "Europe/Vienna")
                                .add("currency", "EUR")
                                .build())
                .expect(201);
        return new TestProject(admin, name);
    }

    /** One that is there. */
    public static TestProject of(Api api, String name) {
        return new TestProject(api, name);
    }

    public String name() {
        return name;
    }

    public String path(String rest) {
        return "api/projects/" + name + "/" + rest;
    }

    public Api api() {
        return api;
    }

    /** Registers the server and one of its databases under one name, as the superuser. */
    public void register(String database, Postgres server, String dbname) {
        register(database, server, dbname, server.user(), server.password());
    }

    public void register(String database, Postgres server, String dbname, String user, String password) {
        register(database, server, server.port(), dbname, user, password);
    }

    /** What registers a server as its superuser, with the other members of its cluster. */
    public static JsonObjectBuilder described(String database, Postgres server, String... members) {
        return described(database, server, server.port(), "postgres", server.user(), server.password())
                .add("members", Json.createArrayBuilder(List.of(members)));
    }

    private static JsonObjectBuilder described(
            String database, Postgres server, int port, String dbname, String user, String password) {
        return Json.createObjectBuilder()
                .add("name", database)
                .add("dbname", dbname)
                .add("host", server.host())
                .add("port", port)
                .add("user", user)
                .add("password", password)
                .add("tlsMode", "disable");
    }

    /** Registers a server with the other members of its cluster. */
    public void registerCluster(String database, Postgres server, String... members) {
        api.post(path("databases"), described(database, server, members).build())
                .expect(201);
    }

    /** Registers it as what answers at another port of its machine: a proxy in between. */
    public void register(String database, Postgres server, int port, String dbname, String user, String password) {
        api.post(
                        path("databases"),
                        described(database, server, port, dbname, user, password)
                                .build())
                .expect(201);
    }

    /** Registers another database of an instance that is registered. */
    public void registerOn(String instance, String database, String dbname) {
        api.post(
                        path("databases"),
                        Json.createObjectBuilder()
                                .add("name", database)
                                .add("instance", instance)
                                .add("dbname", dbname)
                                .build())
                .expect(201);
    }

    /** Starts a run and answers its id. */
    public String start(String job, String database, JsonObject parameters) {
        return start(job, Json.createArrayBuilder().add(database), parameters);
    }

    /** The same on several databases. */
    public String start(String job, List<String> databases, JsonObject parameters) {
        return start(job, Json.createArrayBuilder(databases), parameters);
    }

    /** The same of a job that works on the project itself, and not on databases. */
    public String start(String job) {
        return start(job, Json.createArrayBuilder(), none());
    }

    private String start(String job, JsonArrayBuilder databases, JsonObject parameters) {
        Api.Answer answer = api.post(
                        path("runs"),
                        Json.createObjectBuilder()
                                .add("job", job)
                                .add("databases", databases)
                                .add("parameters", parameters)
                                .build())
                .expect(202);
        String id = answer.object().getString("id");
        String location = String.valueOf(answer.header("Location"));
        if (!location.endsWith("/" + path("runs/" + id))) {
            throw new AssertionError("Location of run " + id + ": " + location);
        }
        return id;
    }

    /** Starts a run, waits for its end, and fails unless it completed. */
    public JsonObject complete(String job, String database, JsonObject parameters) {
        return completed(start(job, database, parameters));
    }

    /** The same of a job that works on the project itself, and not on databases. */
    public JsonObject complete(String job) {
        return completed(start(job));
    }

    /** Expires what is older than the newest of a database's backups, or only says what would go. */
    public JsonObject expire(String database, int keepCount, boolean apply) {
        return complete(
                "expire",
                database,
                Json.createObjectBuilder()
                        .add("keepCount", keepCount)
                        .add("apply", apply)
                        .build());
    }

    /** The run once it has ended; fails unless it completed. */
    public JsonObject completed(String id) {
        JsonObject run = ended(id, Duration.ofMinutes(4));
        if (!run.getString("status").equals("COMPLETED")) {
            throw new AssertionError(run + "\n" + log(id));
        }
        return run;
    }

    /** What the run's only target tells of its work. */
    public static JsonObject figures(JsonObject run) {
        return run.getJsonArray("targets").getJsonObject(0).getJsonObject("figures");
    }

    /** One of these; 0 where the run does not tell of it. */
    public static long figure(JsonObject run, String name) {
        JsonObject figures = figures(run);
        return figures.containsKey(name) ? figures.getJsonNumber(name).longValue() : 0;
    }

    /** Whether a finding with this title is open. */
    public boolean isFound(String title) {
        return api.get(path("findings?state=OPEN")).expect(200).items().stream()
                .anyMatch(finding -> finding.getString("title").equals(title));
    }

    public static boolean hasEnded(String status) {
        return ENDED.contains(status);
    }

    /** The run once it has ended, however it did. */
    public JsonObject ended(String run, Duration most) {
        return Eventually.get(
                "the end of run " + run,
                most,
                () -> Optional.of(run(run)).filter(found -> ENDED.contains(found.getString("status"))));
    }

    public JsonObject run(String id) {
        return api.get(path("runs/" + id)).expect(200).object();
    }

    /** The run's log as text. */
    public String log(String run) {
        StringBuilder text = new StringBuilder();
        for (JsonObject line :
                api.get(path("runs/" + run + "/log?limit=500")).expect(200).items()) {
            text.append(line.getString("level"))
                    .append(' ')
                    .append(line.getString("text"))
                    .append('\n');
        }
        return text.toString();
    }

    /** The name of the step that the run's only target is in, once it is in one. */
    public Optional<String> currentStep(String run) {
        return run(run).getJsonArray("targets").getValuesAs(JsonObject.class).stream()
                .flatMap(target -> target.getJsonArray("steps").getValuesAs(JsonObject.class).stream())
                .filter(step -> step.getString("status").equals("STARTED"))
                .map(step -> step.getString("name"))
                .findFirst();
    }

    /** Waits until the run's only target is in such a step; fails if the run ends before: nothing is left to be cut off. */
    public void awaitStep(String run, Predicate<String> step) {
        Eventually.isTrue("a step of run " + run, Duration.ofMinutes(2), () -> {
            if (ENDED.contains(run(run).getString("status"))) {
                throw new AssertionError("It ended before it could be killed: " + run(run) + log(run));
            }
            return currentStep(run).filter(step).isPresent();
        });
    }

    /** Newest first. */
    public List<JsonObject> backups(String database) {
        return api.get(path("backups?database=" + database)).expect(200).items();
    }

    public JsonObject backup(String id) {
        return api.get(path("backups/" + id)).expect(200).object();
    }

    /** The plan of a restore to the end of the log. */
    public JsonObject planToLatest(String database) {
        return plan(database, Json.createObjectBuilder().add("latest", true));
    }

    /** The plan of a restore to a point, which is named in the API's words. */
    public JsonObject plan(String database, JsonObjectBuilder to) {
        return planned(database, Json.createObjectBuilder().add("to", to));
    }

    /** The same from this store and no other. */
    public JsonObject plan(String database, JsonObjectBuilder to, String from) {
        return planned(database, Json.createObjectBuilder().add("to", to).add("from", from));
    }

    private JsonObject planned(String database, JsonObjectBuilder asked) {
        return api.post(path("databases/" + database + "/restore-plan"), asked.build())
                .expect(200)
                .object();
    }

    /** Exports the keys that open the project's backups without Nightshift, into a file. */
    public Path recoveryKey(Path folder) throws IOException {
        String text = api.post(path("recovery-key")).expect(200).body();
        return Files.writeString(folder.resolve(name + ".json"), text);
    }

    /** Makes the recovery kit, and answers it. */
    public String recoveryKit(String passphrase) {
        return api.post(path("recovery-kit"), parameters("passphrase", passphrase))
                .expect(200)
                .body();
    }

    /** The id of the key that wraps what is new. */
    public String primaryKey() {
        return api().get(path("keys")).expect(200).items().stream()
                .filter(key -> key.getBoolean("primary"))
                .map(key -> key.getString("id"))
                .findFirst()
                .orElseThrow();
    }

    /** Answers the new key, which is in a key file from now on. */
    public String rotateKey() {
        String key = api().post(path("keys/rotate")).expect(200).object().getString("key");
        api().post(path("recovery-key")).expect(200);
        return key;
    }

    /** No parameters. */
    public static JsonObject none() {
        return JsonValue.EMPTY_JSON_OBJECT;
    }

    public static JsonObject parameters(String name, String value) {
        return Json.createObjectBuilder().add(name, value).build();
    }
}
