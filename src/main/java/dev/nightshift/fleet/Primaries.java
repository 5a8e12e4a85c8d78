package dev.nightshift.fleet;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.SqlFailure;
import dev.nightshift.postgres.Standing;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Executor;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.TimeoutException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Which member of each instance's cluster is the primary. This node remembers what it saw last, and looks again when somebody
 * needs to know and that was a while ago; an instance without further members is never asked.
 */
final class Primaries {
    private static final System.Logger LOG = System.getLogger(Primaries.class.getName());

    /** So long a primary is believed to be one still. */
    static final Duration FRESH = Duration.ofSeconds(10);

    /** So long none is looked for again where none was. */
    static final Duration FRESH_WITHOUT = Duration.ofSeconds(3);

    /** So often all are asked while one is: another may have been promoted that it knows nothing of. */
    static final Duration ALL = Duration.ofMinutes(1);

    /** What to do where no member is the primary. */
    static final String REMEDY =
            "Nothing while one is being promoted; else name the primary among the members, and test the connection.";

    /** Connecting, and the question. */
    private static final Duration LONGEST = Standing.DEADLINE.multipliedBy(2);

    /** Asks a server what it is. */
    @FunctionalInterface
    interface Look {
        Standing at(Endpoint endpoint) throws SQLException;
    }

    /**
     * The servers among which one is the primary.
     *
     * @param name the instance's, for the log
     * @param systemIdentifier null while it is not known
     */
    record Cluster(
            ProjectId project,
            UUID id,
            String name,
            @Nullable String systemIdentifier,
            List<Member> members) {
        static Cluster of(Instance instance) {
            return new Cluster(
                    instance.project(),
                    instance.id(),
                    instance.name().value(),
                    instance.systemIdentifier(),
                    instance.addresses());
        }
    }

    /**
     * What was seen last.
     *
     * @param timeline that it wrote when it was a primary, which may be longer ago
     * @param all when all were asked
     * @param refusal why it is not worked on; null if it is
     */
    private record Seen(
            Member primary,
            boolean found,
            int timeline,
            Instant at,
            Instant all,
            @Nullable String refusal) {
        /**
         * Whether it stays though another round ends after it: of one primary what was seen later, of two the higher timeline.
         *
         * @param began when the other round did
         */
        boolean isPreferredTo(Seen other, Instant began) {
            return primary.equals(other.primary)
                    ? all.isAfter(began) && (found || !other.found)
                    : timeline >= other.timeline;
        }

        /** @throws Failure.Retryable where it answered and is not the primary */
        Member usable() {
            if (refusal != null) {
                throw new Failure.Retryable(refusal, REMEDY, null);
            }
            return primary;
        }
    }

    private static final class Memory {
        private final Set<Member> members;
        private final ReentrantLock looking = new ReentrantLock();
        private final AtomicBoolean askingAll = new AtomicBoolean();
        private final ClusterNews news;
        private volatile @Nullable Seen seen;
        private volatile @Nullable String warned;
        private volatile @Nullable String systemIdentifier;

        Memory(Cluster cluster, ClusterNews news) {
            this.news = news;
            members = Set.copyOf(cluster.members());
            systemIdentifier = cluster.systemIdentifier();
        }

        /** Other members are another cluster, and so is one that was set up anew. */
        boolean isOf(Cluster cluster) {
            String known = systemIdentifier;
            String now = cluster.systemIdentifier();
            if (!members.equals(Set.copyOf(cluster.members()))
                    || (known != null && now != null && !known.equals(now))) {
                return false;
            }
            systemIdentifier = now == null ? known : now;
            return true;
        }
    }

    private final Clock clock;
    private final Executor meanwhile;
    private final Executor executor;
    private final Look look;
    private final Consumer<ClusterSeen> told;
    private final Map<UUID, Memory> memories = new ConcurrentHashMap<>();

    /**
     * Knows of none yet.
     *
     * @param meanwhile where it is waited for all of a cluster while work goes on
     * @param executor asks; of its threads none may wait for another one
     * @param told hears what was seen, by {@code meanwhile}
     */
    Primaries(Clock clock, Executor meanwhile, Executor executor, Look look, Consumer<ClusterSeen> told) {
        this.clock = clock;
        this.meanwhile = meanwhile;
        this.executor = executor;
        this.look = look;
        this.told = told;
    }

    /**
     * The primary, or where there is none the one that was it last, else the first member, as long as that does not answer.
     * Whoever comes while others look has what was seen before, if anything was.
     *
     * @param login to the members, whose address is replaced
     * @throws Failure.Retryable if that answers, and is no primary of the cluster
     */
    Member of(Cluster cluster, Endpoint login) {
        if (cluster.members().size() == 1) {
            return cluster.members().get(0);
        }
        Memory memory = memory(cluster);
        Seen seen = memory.seen;
        if (seen != null && (isFresh(seen) || !memory.looking.tryLock())) {
            return seen.usable();
        }
        if (seen == null) {
            memory.looking.lock();
        }
        try {
            Seen now = memory.seen;
            if (now == null || !isFresh(now)) {
                now = look(cluster, login, memory, now);
            }
            return now.usable();
        } finally {
            memory.looking.unlock();
        }
    }

    /** The same without asking anybody. */
    Member last(Cluster cluster) {
        Memory memory = memories.get(cluster.id());
        Seen seen = memory == null || !memory.isOf(cluster) ? null : memory.seen;
        return seen == null ? cluster.members().get(0) : seen.primary();
    }

    private Memory empty(Cluster cluster) {
        return new Memory(cluster, new ClusterNews(meanwhile, told));
    }

    private Memory memory(Cluster cluster) {
        return Objects.requireNonNull(memories.compute(
                cluster.id(), (id, present) -> present != null && present.isOf(cluster) ? present : empty(cluster)));
    }

    private boolean isFresh(Seen seen) {
        return clock.now().isBefore(seen.at().plus(seen.found() ? FRESH : FRESH_WITHOUT));
    }

    private Seen look(Cluster cluster, Endpoint login, Memory memory, @Nullable Seen before) {
        MemberAnswer known = null;
        if (before != null && before.found()) {
            known = ask(before.primary(), login);
            if (known.isPrimary() && known.isOf(cluster.systemIdentifier()) && known.timeline() >= before.timeline()) {
                Instant now = clock.now();
                Seen still = new Seen(before.primary(), true, known.timeline(), now, before.all(), null);
                memory.seen = still;
                if (!now.isBefore(before.all().plus(ALL))) {
                    askAllMeanwhile(cluster, login, memory);
                }
                return still;
            }
        }
        return all(cluster, login, memory, known, before);
    }

    /** A standby that is down keeps nobody waiting who wants the primary. */
    private void askAllMeanwhile(Cluster cluster, Endpoint login, Memory memory) {
        if (!memory.askingAll.compareAndSet(false, true)) {
            return;
        }
        try {
            meanwhile.execute(() -> {
                try {
                    all(cluster, login, memory, null, memory.seen);
                } finally {
                    memory.askingAll.set(false);
                }
            });
        } catch (RejectedExecutionException e) {
            memory.askingAll.set(false);
        }
    }

    private Seen all(
            Cluster cluster, Endpoint login, Memory memory, @Nullable MemberAnswer known, @Nullable Seen before) {
        Instant began = clock.now();
        Member last = before == null ? cluster.members().get(0) : before.primary();
        int timeline = before == null ? 0 : before.timeline();
        MemberRound round =
                MemberRound.of(answers(cluster.members(), login, known), cluster.systemIdentifier(), last, timeline);
        Instant now = clock.now();
        Seen seen = new Seen(
                round.primary(), round.found(), Math.max(timeline, round.timeline()), now, now, round.refusal());
        Seen newer = memory.seen;
        if (newer != null && !newer.equals(before) && newer.isPreferredTo(seen, began)) {
            return newer; // another round has ended before this one, and saw more
        }
        memory.seen = seen;
        if (!isKept(cluster, memory)) {
            return seen; // a person's test knows better, or the members are others
        }
        log(cluster, memory, round, before);
        memory.warned = round.warning();
        tell(cluster, memory, round, seen);
        return seen;
    }

    private static void log(Cluster cluster, Memory memory, MemberRound round, @Nullable Seen before) {
        if (round.found() && (before == null || !before.primary().equals(round.primary()))) {
            LOG.log(
                    Level.INFO,
                    "The primary of instance {0} ({1}) is {2}, on timeline {3}",
                    cluster.name(),
                    cluster.id(),
                    round.primary(),
                    Integer.toString(round.timeline()));
        }
        String warning = round.warning();
        if (warning != null && !warning.equals(memory.warned)) {
            LOG.log(
                    Level.WARNING,
                    "Of instance {0} ({1}), {2} is worked on: {3}",
                    cluster.name(),
                    cluster.id(),
                    round.primary(),
                    warning);
        }
    }

    private void tell(Cluster cluster, Memory memory, MemberRound round, Seen seen) {
        var news = new ClusterSeen(
                cluster.project(),
                cluster.id(),
                cluster.name(),
                seen.primary().toString(),
                seen.timeline(),
                round.found(),
                round.rivals(),
                round.clear());
        memory.news.tell(news, seen.at(), () -> isKept(cluster, memory));
    }

    private boolean isKept(Cluster cluster, Memory memory) {
        return memory.equals(memories.get(cluster.id()));
    }

    /**
     * Asks all members now, and holds what they say against nothing that was seen before: for a person who tests a connection.
     *
     * @param systemIdentifier null while it is not known
     */
    MemberRound ask(List<Member> members, Endpoint login, @Nullable String systemIdentifier) {
        List<MemberAnswer> answers = answers(members, login, null);
        MemberRound round = MemberRound.of(answers, systemIdentifier, members.get(0), 0);
        // A cluster that was set up anew is another one on every server
        return round.found() || !MemberRound.agree(answers) ? round : MemberRound.of(answers, null, members.get(0), 0);
    }

    /** Has what a person was told hold from now on, where that is a primary. */
    void keep(Cluster cluster, MemberRound round) {
        if (round.found()) {
            Instant now = clock.now();
            Seen seen = new Seen(round.primary(), true, round.timeline(), now, now, null);
            // Another memory: a round that is under way ends with the one before
            Memory memory = empty(cluster);
            memory.seen = seen;
            memory.warned = round.warning();
            memories.put(cluster.id(), memory);
            tell(cluster, memory, round, seen);
        }
    }

    void forget(UUID instance) {
        memories.remove(instance);
    }

    /**
     * All side by side, so that those which are down cost no more time than one. In the order of the members.
     *
     * @param known what one of them has answered already
     */
    private List<MemberAnswer> answers(List<Member> members, Endpoint login, @Nullable MemberAnswer known) {
        List<CompletableFuture<MemberAnswer>> asked = new ArrayList<>();
        try {
            for (Member member : members) {
                asked.add(
                        known != null && known.member().equals(member)
                                ? CompletableFuture.completedFuture(known)
                                : CompletableFuture.supplyAsync(() -> ask(member, login), executor));
            }
            CompletableFuture.allOf(asked.toArray(CompletableFuture<?>[]::new))
                    .get(LONGEST.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt(); // half an answer must not become what everybody goes by
            throw new Failure.Retryable("Interrupted while the members of the cluster were asked.", null, e);
        } catch (RejectedExecutionException | ExecutionException | TimeoutException e) {
            LOG.log(Level.DEBUG, "Not every member answered: {0}", e.toString());
        }
        List<MemberAnswer> answers = new ArrayList<>();
        for (int i = 0; i < members.size(); i++) {
            MemberAnswer none =
                    new MemberAnswer(members.get(i), null, "no answer within " + LONGEST.toSeconds() + " s");
            boolean failed = i >= asked.size() || asked.get(i).isCompletedExceptionally();
            answers.add(failed ? none : asked.get(i).getNow(none));
        }
        return answers;
    }

    private MemberAnswer ask(Member member, Endpoint login) {
        try {
            return new MemberAnswer(member, look.at(member.at(login)), null);
        } catch (SQLException e) {
            return new MemberAnswer(member, null, SqlFailure.words(e));
        } catch (Failure e) {
            return new MemberAnswer(member, null, String.valueOf(e.getMessage()));
        }
    }
}
