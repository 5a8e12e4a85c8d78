package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.harness.ByHand;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** A server whose archive_command pushes to Nightshift: four rows, the first of them in a backup. */
final class PushedServer implements AutoCloseable {
    static final Map<String, String> SETTINGS =
            Map.of("archive_mode", "on", "max_wal_senders", "6", "autovacuum", "off");

    /** Of one that keeps its log, for those that stream from it. */
    static final Map<String, String> STREAMED =
            Map.of("archive_mode", "on", "max_wal_senders", "6", "autovacuum", "off", "wal_keep_size", "1GB");

    static final Duration SOON = Duration.ofSeconds(90);
    private static final String NAME = "pushed";

    /** Of the segments, by the names of which they are counted. */
    private static final int SEGMENT_BITS = 24;

    static final int SEGMENT = 1 << SEGMENT_BITS;

    final TestProject project;
    final Postgres source;
    final WalCommand reader;
    final WalCommand shipper;

    /** The newest segment that was switched from. */
    final String newest;

    final String system;
    final JsonObject backup;
    private final Nightshift nightshift;
    private final Path folder;
    private final Map<String, String> settings;

    PushedServer(Nightshift nightshift, Path folder) throws Exception {
        this(nightshift, folder, "log-push", SETTINGS);
    }

    PushedServer(Nightshift nightshift, Path folder, String name, Map<String, String> settings) throws Exception {
        this.nightshift = nightshift;
        this.folder = folder;
        this.settings = settings;
        project = TestProject.create(nightshift.admin(), name);
        source = Postgres.start(Postgres.debian15(), settings);
        project.register(NAME, source, "postgres");
        project.api().post(project.path("databases/" + NAME + "/check")).expect(200);
        shipper = command("ship", "LOG_SHIPPER");
        reader = command("read", "LOG_READER");
        Path data = source.data();
        String first = text("select pg_walfile_name(pg_current_wal_lsn())");
        // Beside its folder: PostgreSQL has not asked to archive it
        Path copy = Files.copy(data.resolve("pg_wal").resolve(first), folder.resolve(first));
        Processes.Result early = shipper.run(data, "push", copy.toString(), first);
        assertEquals(1, early.exit(), early.output());
        assertTrue(early.output().contains("is not to be archived"), early.output());
        assertEquals(200, reader.run(data, "fetch", first, "x").exit(), "nothing is archived of it at all");

        choose(Json.createObjectBuilder()
                .add("enabled", true)
                .add("method", "PUSH")
                .build());
        pushes();
        source.execute("postgres", "create table t as select 1 as id");
        backup = project.backup(project.complete("backup", NAME, TestProject.none())
                .getJsonArray("targets")
                .getJsonObject(0)
                .getJsonObject("figures")
                .getString("backup"));
        for (int i = 2; i <= 4; i++) {
            source.execute("postgres", "insert into t values (" + i + ")", "select pg_switch_wal()");
        }
        newest = text("select pg_walfile_name(pg_switch_wal())");
        long begin = Long.parseLong(newest.substring(8, 16), 16) << 32
                | Long.parseLong(newest.substring(16), 16) << SEGMENT_BITS;
        Eventually.isTrue("all is pushed", SOON, () -> to().value() >= begin + (1 << SEGMENT_BITS));
        system = text("select system_identifier::text from pg_control_system()");
    }

    private WalCommand command(String name, String role) throws Exception {
        String key = Accounts.key(nightshift, project.name(), role)
                .header("Authorization")
                .replace("Bearer ", "");
        return WalCommand.install(folder.resolve(name), nightshift, project.name(), NAME, key);
    }

    /** Its backup, decoded without Nightshift: what recovers with a restore_command. */
    Recovery recovery() throws IOException {
        Path files = folder.resolve("files");
        ByHand.decode(
                        nightshift.data().resolve("store").resolve(backup.getString("location")),
                        project.recoveryKey(folder),
                        files)
                .succeeded();
        return new Recovery(files, folder, source.password(), reader.documented("restore_command"));
    }

    /** The plan of a restore to the end of the log. */
    JsonObject latest() {
        return project.planToLatest(NAME);
    }

    private void choose(JsonObject settings) {
        project.api().put(project.path("instances/" + NAME + "/wal"), settings).expect(200);
    }

    JsonObject wal() {
        return project.api()
                .get(project.path("instances/" + NAME + "/wal"))
                .expect(200)
                .object();
    }

    /** The newest one, of which there is one. */
    JsonObject stretch() {
        return wal().getJsonArray("stretches").getJsonObject(0);
    }

    /** The one before it. */
    JsonObject former() {
        return wal().getJsonArray("stretches").getJsonObject(1);
    }

    /** As a timeline's end does. */
    boolean comesIntoASegment() {
        Lsn to = Lsn.parse(former().getString("to"));
        return !to.equals(to.segmentStart(SEGMENT));
    }

    /** Up to where the newest stretch comes. */
    Lsn to() {
        var stretches = wal().getJsonArray("stretches");
        return stretches.isEmpty()
                ? Lsn.NONE
                : Lsn.parse(stretches.getJsonObject(0).getString("to"));
    }

    String text(String sql) throws SQLException {
        return text(source, sql);
    }

    static String text(Postgres of, String sql) throws SQLException {
        try (Connection connection = of.connect("postgres");
                Statement statement = connection.createStatement();
                ResultSet row = statement.executeQuery(sql)) {
            row.next();
            return row.getString(1);
        }
    }

    /** What is switched from is pushed. */
    void pushes() throws Exception {
        archives(shipper.documented("archive_command"));
    }

    /** What is switched from waits from now on, from this position on, which one segment at least does. */
    Lsn pushesNothing() throws Exception {
        String failed = "select failed_count::text from pg_stat_archiver";
        String before = text(failed);
        archives("false");
        // The archiver may have one more in its hands, and the command that it began with
        Eventually.isTrue(
                "one waits", SOON, () -> writesMore() && !asked(failed).equals(before));
        return to();
    }

    /** Pushes a segment by hand. */
    void push(String segment) throws IOException {
        Processes.Result result = shipper.run(source.data(), "push", "pg_wal/" + segment, segment);
        assertEquals(0, result.exit(), result.output());
    }

    /** Log that is pushed. */
    void pushesMore() {
        Lsn before = to();
        Eventually.isTrue("more is pushed", SOON, () -> writesMore() && to().compareTo(before) > 0);
    }

    /** The server was looked at for some time. */
    void looks(Instant since) {
        Eventually.isTrue(
                "a look", SOON, () -> Instant.parse(wal().getString("lookedAt")).isAfter(since.plusSeconds(1)));
    }

    /** A copy of the data folder as it is after a crash; the server goes on. */
    Path copied() throws IOException {
        Path copy = source.data().resolveSibling("copy");
        source.kill();
        Processes.run(SOON, List.of("cp", "-a", source.data().toString(), copy.toString()));
        source.startAgain(settings);
        return copy;
    }

    /** Starts from another data folder after a crash; where the one from before is now. */
    Path startsFrom(Path other) throws IOException {
        Path before = source.data().resolveSibling("left-" + other.getFileName());
        source.kill();
        Files.move(source.data(), before);
        Files.move(other, source.data());
        source.startAgain(settings);
        return before;
    }

    static byte[] eight(long number) {
        return ByteBuffer.allocate(8)
                .order(ByteOrder.LITTLE_ENDIAN)
                .putLong(number)
                .array();
    }

    private void archives(String command) throws SQLException {
        source.execute("postgres", "alter system set archive_command = '" + command + "'", "select pg_reload_conf()");
    }

    /** A segment with something in it, for which the archiver wakes up. */
    boolean writes() {
        return writes(source);
    }

    private static boolean writes(Postgres of) {
        return !asked(of, "select pg_logical_emit_message(false, 'a', 'b')").isEmpty()
                && !asked(of, "select pg_switch_wal()").isEmpty();
    }

    /** The same where nothing waits to be pushed: on a slow machine the archiver does not come behind. */
    boolean writesMore() {
        return writesMore(source);
    }

    /** The same of another server. */
    static boolean writesMore(Postgres of) {
        try (Stream<Path> files = Files.list(of.data().resolve("pg_wal/archive_status"))) {
            // An archiver that has failed sleeps for a minute, unless it is to read its settings
            return files.anyMatch(file -> file.toString().endsWith(".ready"))
                    ? asked(of, "select pg_reload_conf()::text").equals("true")
                    : writes(of);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    boolean switched() {
        return !asked("select pg_switch_wal()").isEmpty();
    }

    private String asked(String sql) {
        return asked(source, sql);
    }

    private static String asked(Postgres of, String sql) {
        try {
            return text(of, sql);
        } catch (SQLException e) {
            throw new AssertionError(e);
        }
    }

    Instant covered() {
        JsonObject stretch = stretch();
        return stretch.isNull("coveredTo") ? Instant.MIN : Instant.parse(stretch.getString("coveredTo"));
    }

    boolean toldOfAGap() {
        return told("has a gap");
    }

    boolean toldOfAStranger() {
        return told("Another server pushes its log as that of " + NAME);
    }

    private boolean told(String end) {
        return project.api().get(project.path("findings?state=OPEN")).expect(200).items().stream()
                .anyMatch(each -> each.getString("title").endsWith(end));
    }

    String state() {
        return wal().getString("state");
    }

    /** It is reached at this server's address from now on. */
    void isReachedAt(Postgres other) {
        isReachedAt(other.port(), other.password());
    }

    void isReachedAt(int port, String password) {
        project.api()
                .put(
                        project.path("instances/" + NAME),
                        Json.createObjectBuilder()
                                .add("port", port)
                                .add("password", password)
                                .build())
                .expect(200);
    }

    /** Its log is stored there from now on. */
    void storesIn(String store) {
        choose(Json.createObjectBuilder().add("store", store).build());
    }

    /** The archive's folder in the store. */
    Path archive() {
        return nightshift.data().resolve("store").resolve(wal().getString("location"));
    }

    /** The file of a segment in the store. */
    Path stored(String segment) throws IOException {
        try (Stream<Path> found = Files.walk(archive())) {
            return found.filter(each -> each.getFileName().toString().startsWith(segment + "."))
                    .findFirst()
                    .orElseThrow();
        }
    }

    @Override
    public void close() {
        choose(Json.createObjectBuilder().add("enabled", false).build());
        Eventually.isTrue("off", SOON, () -> wal().getString("state").equals("OFF"));
        source.close();
    }
}
