package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.backup.remote.FaultyBucket;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.S3Server;
import dev.nightshift.testing.TestArchive;
import dev.nightshift.testing.TestProject;
import dev.nightshift.testing.TestStores;
import dev.nightshift.testing.harness.FaultyStore;
import dev.nightshift.testing.harness.FaultyStore.Fault;
import dev.nightshift.testing.harness.FaultyStore.Request;
import dev.nightshift.vault.ExportedKeys;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.nio.file.Path;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Predicate;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.api.io.TempDir;

/**
 * A small server and a bucket of which one request at a time fails. A run without faults says which requests there are; each of
 * them then fails in a run of its own.
 */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
abstract class FailingRuns {
    static final String NAME = "main";
    static final String STORE = "offsite";
    static final String PREFIX = "prod";
    static final int ALWAYS = Integer.MAX_VALUE;

    /** A try that is repeated has pauses of half a minute, and the client's own before. */
    static final Duration MOST = Duration.ofMinutes(4);

    private final String projectName;
    Nightshift nightshift;
    S3Server s3;
    FaultyStore faults;
    Postgres source;
    TestProject project;
    private Path keyFolder;

    /** @param projectName of its own */
    FailingRuns(String projectName) {
        this.projectName = projectName;
    }

    @BeforeAll
    void aServerAndABucket(@TempDir Path folder) throws SQLException {
        keyFolder = folder;
        s3 = S3Server.start(folder);
        faults = FaultyStore.before(s3.endpoint());
        nightshift = Nightshift.prepare(Map.of("NIGHTSHIFT_DEMO", "false"));
        nightshift.start();
        store(STORE, PREFIX);
        source = Postgres.start(15, TestArchive.KEEPS);
        source.execute("postgres", "create table t as select id, md5(id::text) note from generate_series(1, 1000) id");
        project = TestProject.create(nightshift.admin(), projectName);
        project.register(NAME, source, "postgres");
    }

    /** One in the bucket, behind the faults. */
    void store(String name, String prefix) {
        TestStores.define(
                nightshift.admin(), TestStores.bucket(name, faults.endpoint()).add("prefix", prefix));
    }

    @AfterEach
    void healthy() {
        faults.heal();
    }

    @AfterAll
    void stop() {
        nightshift.remove();
        source.close();
        faults.close();
        s3.close();
    }

    /** What lies in a store of the bucket, seen from behind. */
    Path behind(String prefix) {
        return s3.bucket().resolve(prefix);
    }

    ExportedKeys keys() throws IOException {
        return ExportedKeys.read(project.recoveryKey(keyFolder));
    }

    /**
     * A request of a run.
     *
     * @param what it is for, as {@link FaultyBucket#what}
     * @param nth of those that are for the same, from 1 on
     */
    record Step(String what, int nth) {
        String kind() {
            return what.substring(0, what.indexOf(' '));
        }

        /** This one alone. */
        Predicate<Request> only() {
            int[] seen = {0};
            return request -> Step.what(request).equals(what) && ++seen[0] == nth;
        }

        /** The files of settings are alike as well: what follows the slash tells nothing of the request. */
        private static String what(Request request) {
            return FaultyBucket.what(request).replaceAll("(settings/)[\\w.]+", "$1#");
        }
    }

    /**
     * What a run asks, while nothing fails. Of requests that are alike, as those for the segments of the log, the first and the
     * last are enough: what lies between is asked by the same loop.
     */
    List<Step> steps(Runnable run) {
        faults.heal();
        run.run();
        Map<String, Integer> counts = new LinkedHashMap<>();
        for (Request request : faults.requests()) {
            // Asked once in a while, and not in each run
            if (!request.target().contains("versioning") && !request.target().contains("object-lock")) {
                counts.merge(Step.what(request), 1, Integer::sum);
            }
        }
        List<Step> steps = new ArrayList<>();
        counts.forEach((what, count) -> {
            steps.add(new Step(what, 1));
            if (count > 1) {
                steps.add(new Step(what, count));
            }
        });
        return steps;
    }

    /** A step and how the store fails at it. */
    record Trial(Step step, Fault fault) {}

    /**
     * What each step is tried with: one fault after the other in turn, so that all of them meet requests of each kind. What is
     * written is swallowed besides.
     *
     * @param refused whether each read and each write is refused as well
     */
    static List<Trial> trials(List<Step> steps, boolean refused) {
        Map<String, Integer> turns = new LinkedHashMap<>();
        List<Trial> trials = new ArrayList<>();
        for (Step step : steps) {
            String kind = step.kind();
            List<Fault> others = inTurn(kind);
            int turn = turns.merge(kind, 1, Integer::sum) - 1;
            Set<Fault> faults = new LinkedHashSet<>(List.of(others.get(turn % others.size())));
            if (kind.equals("PUT")) {
                faults.add(Fault.SWALLOWED);
            }
            if (refused && (kind.equals("PUT") || kind.equals("GET"))) {
                faults.add(Fault.REFUSED);
            }
            faults.forEach(fault -> trials.add(new Trial(step, fault)));
        }
        return trials;
    }

    private static List<Fault> inTurn(String kind) {
        return switch (kind) {
            case "PUT" -> List.of(Fault.UNHEARD, Fault.REFUSED, Fault.DROPPED);
            case "GET" -> List.of(Fault.FLIPPED, Fault.MISSING, Fault.REFUSED, Fault.CUT);
            case "HEAD" -> List.of(Fault.REFUSED, Fault.MISSING, Fault.DROPPED);
            case "LIST" -> List.of(Fault.REFUSED, Fault.MISSING, Fault.CUT, Fault.SHORTENED);
            default -> List.of(Fault.REFUSED, Fault.DROPPED);
        };
    }

    /**
     * How a run ended.
     *
     * @param met whether it made the request that was to fail
     * @param what happened, for messages
     */
    record Ended(JsonObject run, boolean met, String what) {
        boolean completed() {
            return run.getString("status").equals("COMPLETED");
        }
    }

    /** Has a run's requests fail, and heals the store when it has ended. */
    Ended tried(Fault fault, int times, Predicate<Request> which, String job, JsonObject parameters) {
        faults.fail(fault, times, which);
        String id = project.start(job, NAME, parameters);
        JsonObject run = project.ended(id, MOST);
        int failed = faults.failed();
        faults.heal();
        return new Ended(run, failed > 0, fault + ", met " + failed + " times: " + run + "\n" + project.log(id));
    }

    Ended tried(Trial trial, String job, JsonObject parameters) {
        Ended ended = tried(trial.fault(), 1, trial.step().only(), job, parameters);
        return new Ended(ended.run(), ended.met(), trial + ": " + ended.what());
    }

    /** A watch that asks the store beside a run may take a fault away from it, but not most of them. */
    static void assertMet(int met, List<Trial> trials) {
        assertTrue(met * 4 >= trials.size() * 3, met + " of " + trials.size() + " were met: " + trials);
    }
}
