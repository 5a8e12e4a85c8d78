package dev.nightshift.backup.take;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.postgres.Retries;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.harness.CuttingProxy;
import dev.nightshift.testing.harness.Seed;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** The place at which recovery stops is known for certain, whatever was lost on the way. */
class LogMarkIT {
    /** Login, one query and its answer take about so much. */
    private static final long ONE_QUERY = 1_500;

    private static final Pattern MADE = Pattern.compile("restore point \"([^\"]+)\" created at ([0-9A-F]+/[0-9A-F]+)");

    private final List<String> notes = Collections.synchronizedList(new ArrayList<>());

    @Test
    void aRestorePointWhoseAnswerWasLostIsMadeAgainUnderAnotherName() throws Exception {
        try (Postgres source = Postgres.start(17);
                CuttingProxy proxy = CuttingProxy.to(source.port(), Seed.of("LogMarkIT"))) {
            proxy.slow(Duration.ofMillis(300)); // so that the server has done it before anybody hears of it
            var making = CompletableFuture.supplyAsync(
                    () -> LogMark.make(List.of(endpoint(source, proxy.port())), "mark", retries()));
            Eventually.isTrue(
                    "the restore point",
                    Duration.ofSeconds(30),
                    () -> made(source).containsKey("mark"));
            proxy.cutNow();
            proxy.slow(Duration.ZERO);
            LogMark mark = making.get(1, TimeUnit.MINUTES);
            Map<String, List<Lsn>> made = made(source);
            assertAll(
                    () -> assertEquals("mark_2", mark.name(), notes::toString),
                    () -> assertTrue(mark.switched()),
                    () -> assertEquals(Set.of("mark", "mark_2"), made.keySet()),
                    () -> assertEquals(List.of(Objects.requireNonNull(mark.position())), made.get("mark_2")),
                    () -> assertEquals(1, notes.size(), notes::toString));
        }
    }

    @Test
    void whateverIsLostTheNameStandsForOnePosition() throws Exception {
        try (Postgres source = Postgres.start(17);
                CuttingProxy proxy = CuttingProxy.to(source.port(), Seed.of("LogMarkIT"))) {
            List<LogMark> marks = new ArrayList<>();
            for (int round = 0; round < 8; round++) {
                proxy.cut(2, ONE_QUERY);
                marks.add(LogMark.make(List.of(endpoint(source, proxy.port())), "mark-" + round, retries()));
                proxy.cut(0, ONE_QUERY);
            }
            Map<String, List<Lsn>> made = made(source);
            for (LogMark mark : marks) {
                assertAll(
                        () -> assertNull(mark.refusal(), notes::toString),
                        () -> assertTrue(mark.switched()),
                        () -> assertEquals(List.of(Objects.requireNonNull(mark.position())), made.get(mark.name())));
            }
            assertFalse(notes.isEmpty(), () -> proxy.cuts().toString());
            assertEquals(
                    made.size(), made.values().stream().mapToInt(List::size).sum(), made::toString);
        }
    }

    @Test
    void whatIsRefusedIsNotTriedAgainButInTheNextDatabase() throws Exception {
        try (Postgres source = Postgres.start(17)) {
            source.execute("postgres", "create role plain login password 'secret'", "create database other");
            source.execute(
                    "other", "grant execute on function pg_create_restore_point(text), pg_switch_wal() to plain");
            Endpoint plain = Endpoint.local(source.port(), "postgres", "plain", () -> "secret");
            LogMark mark = LogMark.make(List.of(plain, plain.withDatabase("other")), "mark", retries());
            LogMark refused = LogMark.make(List.of(plain), "mark", retries());
            assertAll(
                    () -> assertNotNull(mark.position()),
                    () -> assertTrue(mark.switched()),
                    () -> assertNull(refused.position()),
                    () -> assertNull(refused.name()),
                    () -> assertEquals(
                            "ERROR: permission denied for function pg_create_restore_point", refused.refusal()),
                    () -> assertEquals(List.of(), notes));
        }
    }

    private static Endpoint endpoint(Postgres source, int port) {
        return Endpoint.local(port, "postgres", source.user(), source::password);
    }

    private Retries retries() {
        return new Retries(Retries.STANDARD, Duration.ofMinutes(1), notes::add, () -> {});
    }

    /** As the server itself noted them. */
    private static Map<String, List<Lsn>> made(Postgres source) {
        Map<String, List<Lsn>> made = new TreeMap<>();
        Matcher lines;
        try {
            lines = MADE.matcher(Files.readString(source.cluster().log()));
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        while (lines.find()) {
            made.computeIfAbsent(lines.group(1), name -> new ArrayList<>()).add(Lsn.parse(lines.group(2)));
        }
        return made;
    }
}
