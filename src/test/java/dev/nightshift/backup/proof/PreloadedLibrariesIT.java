package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.extension.RegisterExtension;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Of what a source loads by itself, the sandbox loads what the installation allows and nothing else. */
@Tag("thorough")
class PreloadedLibrariesIT {
    /** A library that a process has mapped, as the kernel says. */
    private static final Pattern MAPPED = Pattern.compile("/([^/ ]+)\\.so$", Pattern.MULTILINE);

    private static final Set<String> OF_THE_TEST = Set.of("pg_stat_statements", "auto_explain", "passwordcheck");

    @RegisterExtension
    final Drills drills;

    private final Seen seen;

    PreloadedLibrariesIT(@TempDir Path folder) {
        this.drills = new Drills(folder);
        this.seen = new Seen(drills.sandboxes());
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void allowedLibrariesAreLoadedInTheSourcesOrderAndTheOthersStayOut(int major) throws Exception {
        try (Postgres source = Postgres.start(
                major, Map.of("shared_preload_libraries", "pg_stat_statements,auto_explain,passwordcheck"))) {
            source.execute(
                    "postgres",
                    "create extension pg_stat_statements",
                    "create table orders as select generate_series(1, 1000) n");
            Proof proof = prove(source, Set.of("passwordcheck", "pg_stat_statements", "never_named"));
            assertAll(
                    () -> assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString),
                    () -> assertEquals(
                            Set.of("shared_preload_libraries=pg_stat_statements,passwordcheck"), seen.arguments),
                    () -> assertEquals(Set.of("passwordcheck", "pg_stat_statements"), seen.loaded),
                    () -> seen.noted("The sandbox loads these libraries, as the source does: pg_stat_statements,"
                            + " passwordcheck."),
                    () -> seen.noted("The sandbox does not load these libraries, which the source does: auto_explain."
                            + " NIGHTSHIFT_PROOF_LIBRARIES does not name them."));
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void withoutAListNoneIsLoaded(int major) throws Exception {
        Map<String, String> settings =
                Map.of("shared_preload_libraries", "auto_explain", "session_preload_libraries", "passwordcheck");
        try (Postgres source = Postgres.start(major, settings)) {
            source.execute("postgres", "create table orders as select generate_series(1, 1000) n");
            Proof proof = prove(source, Set.of());
            assertAll(
                    () -> assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString),
                    () -> assertEquals(Set.of("shared_preload_libraries="), seen.arguments),
                    () -> assertEquals(Set.of(), seen.loaded),
                    () -> seen.noted("The sandbox does not load these libraries, which the source does: auto_explain,"
                            + " passwordcheck. NIGHTSHIFT_PROOF_LIBRARIES does not name them."));
        }
    }

    /** A file of an allowed name lies in the backup, where a database of the source looks first. */
    @ParameterizedTest
    @ValueSource(ints = {15, 18})
    void anAllowedLibraryOfSessionsIsThisMachinesAndNotTheBackups(int major) throws Exception {
        Map<String, String> settings = Map.of("session_preload_libraries", "passwordcheck,auto_explain");
        try (Postgres source = Postgres.start(major, settings)) {
            Path folder = Files.createDirectory(source.cluster().data().resolve("evil"));
            Files.writeString(folder.resolve("auto_explain.so"), "no library");
            source.execute(
                    "postgres",
                    "create table orders as select generate_series(1, 1000) n",
                    "create database other",
                    "alter database other set dynamic_library_path = '/proc/self/cwd/evil:$libdir'",
                    "alter database other set session_preload_libraries = 'passwordcheck'");
            Proof proof = prove(source, Set.of("auto_explain"));
            assertAll(
                    () -> assertEquals(Optional.of(ProofLevel.MATCHED), proof.level(), proof::toString),
                    () -> assertEquals(3L, proof.ladder().get(3).figures().get("databases"), proof::toString),
                    () -> assertEquals(Set.of("shared_preload_libraries="), seen.arguments),
                    () -> assertEquals(Set.of("auto_explain"), seen.loaded));
        }
    }

    private Proof prove(Postgres source, Set<String> libraries) {
        ProofOptions standard = ProofOptions.STANDARD;
        ProofLimits limits = standard.limits();
        return drills.prove(
                source,
                drills.material(drills.take(source, () -> {})),
                new ProofOptions(
                        standard.upTo(),
                        standard.parents(),
                        standard.everyRow(),
                        new ProofLimits(limits.timeToLive(), limits.cpu(), limits.memory(), libraries)),
                seen);
    }

    /** Looks at the processes of the sandbox when the proof reports, now and then: it takes a while itself. */
    private static final class Seen implements ProofWatch {
        private static final long PAUSE_NANOS = 250_000_000;

        private final Path sandboxes;
        private final Set<String> arguments = new TreeSet<>();
        private final Set<String> loaded = new TreeSet<>();
        private final List<String> notes = new ArrayList<>();
        private long lookedAt = System.nanoTime() - PAUSE_NANOS;

        Seen(Path sandboxes) {
            this.sandboxes = sandboxes;
        }

        @Override
        public void progress(Step step, ProofLevel level, long done, long total) {
            if ((step == Step.MATCH || step == Step.CHECK) && System.nanoTime() - lookedAt > PAUSE_NANOS) {
                lookedAt = System.nanoTime();
                Processes.withArgument(sandboxes.toString()).stream()
                        .flatMap(process -> Stream.concat(Stream.of(process), process.descendants()))
                        .distinct()
                        .forEach(this::look);
            }
        }

        private void look(ProcessHandle process) {
            for (String argument : Processes.commandLine(process).split(" ", -1)) {
                if (argument.startsWith("shared_preload_libraries=")) {
                    arguments.add(argument);
                }
            }
            try {
                Matcher mapped = MAPPED.matcher(Files.readString(Path.of("/proc/" + process.pid() + "/maps")));
                while (mapped.find()) {
                    if (OF_THE_TEST.contains(mapped.group(1))) {
                        loaded.add(mapped.group(1));
                    }
                }
            } catch (IOException e) {
                // it ended meanwhile
            }
        }

        @Override
        public void note(String message) {
            notes.add(message);
        }

        void noted(String sentence) {
            assertTrue(notes.contains(sentence), notes::toString);
        }

        @Override
        public boolean stopped() {
            return false;
        }
    }
}
