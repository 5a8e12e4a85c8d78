package dev.nightshift.job;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.Processes;
import dev.nightshift.testing.RepositoryServer;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.sql.SQLException;
import java.time.Duration;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;

/** Two nodes on one repository, which are killed and paused as a seed says. */
final class TwoNodes implements AutoCloseable {
    /** A node that was silent for so long is dead for the others. */
    private static final Duration DEAD = Duration.ofSeconds(30);

    private final String test;
    private final Nightshift first;
    private final Nightshift second;
    private final Random random;
    private final Set<Nightshift> away = ConcurrentHashMap.newKeySet();
    private int kills;
    private int pauses;

    TwoNodes(String test, Nightshift first, Nightshift second, Random random) {
        this.test = test;
        this.first = first;
        this.second = second;
        this.random = random;
    }

    int kills() {
        return kills;
    }

    int pauses() {
        return pauses;
    }

    RepositoryServer repository() {
        return first.repository();
    }

    /** As an admin, at a node that is neither paused nor killed just now. */
    Optional<Api> somebody() {
        return Stream.of(first, second)
                .filter(node -> !away.contains(node))
                .findFirst()
                .map(Nightshift::admin);
    }

    /** Waits until each of them works on targets; not for ever, because one can be quicker than the other for long. */
    private void awaitWorkOnBoth() {
        long end = System.nanoTime() + Duration.ofSeconds(30).toNanos();
        while (working() < 2 && System.nanoTime() < end) {
            Eventually.sleep(Duration.ofMillis(200));
        }
    }

    private int working() {
        return count("select count(distinct a.node_id) from job.target t join job.run r on r.id = t.run_id"
                + " join job.attempt a on a.run_id = r.id and a.number = r.attempt where t.status = 'STARTED'");
    }

    private int count(String sql) {
        try {
            return Integer.parseInt(repository().texts(sql).get(0));
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    /** Kills a node, or pauses one, or both at once, a random while after both work; back when both answer again. */
    void disturb() throws IOException {
        Nightshift victim = either();
        int kind = random.nextInt(5);
        Duration after = millis(500, 4_500);
        Duration away = kind < 2 ? millis(0, 3_000) : millis(32_000, 40_000);
        if (kind == 4) {
            killOneWhileTheOtherIsPaused();
            return;
        }
        awaitWorkOnBoth();
        say((kind < 2 ? "kill" : "pause") + " the " + name(victim) + " after " + after + " for " + away);
        Eventually.sleep(after);
        if (kind < 2) {
            kill(victim);
            Eventually.sleep(away);
            victim.start();
        } else {
            pause(victim);
            Eventually.sleep(away);
            resume(victim);
        }
        back();
    }

    /**
     * For a moment nobody is there. The killed node comes back, finds that its predecessor and the paused one are dead, and
     * takes over from both, before the paused one wakes up.
     */
    void killOneWhileTheOtherIsPaused() throws IOException {
        Nightshift paused = either();
        Nightshift killed = paused == first ? second : first;
        boolean pauseFirst = random.nextBoolean();
        Duration after = millis(500, 4_500);
        Duration between = millis(0, 1_000);
        awaitWorkOnBoth();
        say("after " + after + (pauseFirst ? " pause the " : " kill the other than the ") + name(paused) + ", and "
                + between + " later the other way round");
        Eventually.sleep(after);
        long begun = System.nanoTime();
        if (pauseFirst) {
            pause(paused);
            Eventually.sleep(between);
            kill(killed);
        } else {
            kill(killed);
            Eventually.sleep(between);
            pause(paused);
        }
        killed.start();
        Eventually.isTrue("the one that came back answers", Duration.ofMinutes(3), () -> answers(killed));
        away.remove(killed);
        awaitTakeover(begun);
        resume(paused);
        back();
    }

    private void awaitTakeover(long begun) {
        try {
            Eventually.isTrue(
                    "what both had is taken over",
                    Duration.ofMinutes(3),
                    () -> System.nanoTime() - begun > DEAD.plusSeconds(2).toNanos()
                            && abandoned().isEmpty());
        } catch (AssertionError e) {
            throw new AssertionError(e.getMessage() + "; left are " + abandoned(), e);
        }
    }

    private List<String> abandoned() {
        try {
            return repository()
                    .texts("select concat_ws(' ', p.name, r.job, r.id, r.status, n.name, n.heartbeat_at)"
                            + " from job.run r join job.attempt a on a.run_id = r.id and a.number = r.attempt"
                            + " join fleet.project p on p.id = r.project_id"
                            + " join job.node n on n.id = a.node_id where r.status in ('STARTED', 'STOPPING')"
                            + " and n.heartbeat_at < now() - interval '20 s'"
                            // A lease that lapsed and that nobody took is renewed by whoever wakes up in time
                            + " union all select concat_ws(' ', p.name, l.resource, n.name, n.heartbeat_at)"
                            + " from job.lease l join job.node n on n.id = l.node_id"
                            + " join fleet.instance i on l.resource = 'wal:' || i.id"
                            + " join fleet.project p on p.id = i.project_id"
                            + " where p.name = '" + test + "' and n.heartbeat_at < now() - interval '20 s'");
        } catch (SQLException e) {
            throw new IllegalStateException(e);
        }
    }

    private Nightshift either() {
        return random.nextBoolean() ? first : second;
    }

    private Duration millis(int least, int most) {
        return Duration.ofMillis(least + random.nextInt(most - least));
    }

    private String name(Nightshift node) {
        return node == first ? "first" : "second";
    }

    private void say(String what) {
        System.out.println(test + ": " + what);
    }

    private void kill(Nightshift node) {
        away.add(node);
        node.killEverything();
        kills++;
    }

    private void pause(Nightshift node) throws IOException {
        away.add(node);
        signal("STOP", node);
        pauses++;
    }

    private static void resume(Nightshift node) throws IOException {
        signal("CONT", node);
    }

    /** Wakes up whoever still sleeps, so that both can be stopped. */
    @Override
    public void close() throws IOException {
        resume(first);
        resume(second);
    }

    private void back() {
        Eventually.isTrue("both answer", Duration.ofMinutes(3), () -> answers(first) && answers(second));
        away.clear();
    }

    /** A node that wakes up closes the connections that were idle meanwhile. */
    private static boolean answers(Nightshift node) {
        try {
            return Api.at(node.https()).get("health/ready").status() == 200;
        } catch (UncheckedIOException e) {
            return false;
        }
    }

    private static void signal(String name, Nightshift node) throws IOException {
        for (ProcessHandle server : node.servers()) {
            Processes.run(Duration.ofSeconds(5), "kill", "-" + name, Long.toString(server.pid()));
        }
    }
}
