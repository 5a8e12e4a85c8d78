package dev.nightshift.backup;

import dev.nightshift.audit.Audit;
import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.job.SelfCheck;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.LastingSlot;
import dev.nightshift.postgres.SlotStatus;
import dev.nightshift.postgres.SqlFailure;
import dev.nightshift.postgres.TargetPools;
import dev.nightshift.tenancy.Transactions;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedExecutorService;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Queue;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.ConcurrentLinkedQueue;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.Future;
import java.util.concurrent.RejectedExecutionException;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * Slots of Nightshift's naming that nobody archives from: their servers keep log for them until the disk is full. None is
 * dropped without a person's word: it may be that of another installation, and what the repository says of it is not to be
 * trusted where that was restored from an older copy, or cloned. It is a finding until then.
 */
@ApplicationScoped
class LeftSlots implements SelfCheck {
    private static final System.Logger LOG = System.getLogger(LeftSlots.class.getName());
    private static final String KIND = "wal.left-slot:";

    /** {@link WalService#slot}: all others that Nightshift makes are temporary, and go with their session. */
    private static final Pattern OURS = Pattern.compile("nightshift_wal_([0-9a-f]{8}(?:_[0-9a-f]{4}){3}_[0-9a-f]{12})");

    private static final String ALL = "^" + OURS.pattern() + "$";

    /** A slot that somebody moves along keeps less than this part of what is critical. */
    private static final int MOVED_ALONG = 10;

    private static final Duration EVERY = Duration.ofMinutes(15);

    /** For a server that did not answer twice: there may be many. */
    private static final Duration EVERY_SILENT = Duration.ofHours(1);

    private static final int AT_ONCE = 4;

    private static final String IN_USE = "55006";

    private final Map<UUID, Instant> due = new ConcurrentHashMap<>();
    private final Set<UUID> silent = ConcurrentHashMap.newKeySet();
    private final AtomicBoolean busy = new AtomicBoolean();

    @Inject
    private Transactions transactions;

    @Inject
    private SlotRepository repository;

    @Inject
    private WalRepository services;

    @Inject
    private Fleet fleet;

    @Inject
    private Findings findings;

    @Inject
    private Audit audit;

    @Inject
    private Clock clock;

    /**
     * The instance that a slot is named after.
     *
     * @param known to this installation, deleted or not
     * @param archives whether its log is archived from this server, or the slot is still to be dropped
     */
    record Owner(boolean known, boolean archives) {
        static final Owner UNKNOWN = new Owner(false, false);
    }

    /** A slot that somebody streams from harms nobody: whoever does that watches over it. */
    static boolean isLeft(LastingSlot slot, Owner owner) {
        return !slot.active() && !owner.archives();
    }

    /**
     * The same on a member that is not the primary, where nobody archives. What keeps slots along on standbys for the next failover, as
     * Patroni does, moves them: such a one keeps little.
     */
    static boolean isLeftBehind(LastingSlot slot, Owner owner, long limitBytes) {
        Long retained = slot.retainedBytes();
        return !slot.active() && (!owner.archives() || (retained != null && retained > limitBytes / MOVED_ALONG));
    }

    @Resource
    @SuppressWarnings("NullAway.Init") // set by the container
    private ManagedExecutorService executor;

    /** Critical past the limit that archiving has, and where the server's own is near. */
    static Severity severity(LastingSlot slot, long limitBytes) {
        Long retained = slot.retainedBytes();
        return (retained != null && retained > limitBytes) || "unreserved".equals(slot.walStatus())
                ? Severity.CRITICAL
                : Severity.WARNING;
    }

    /** Every server that no node archives, some at once: one that does not answer keeps nobody waiting. */
    @Override
    public void check() {
        if (!busy.compareAndSet(false, true)) {
            return;
        }
        try {
            executor.execute(this::round);
        } catch (RejectedExecutionException e) {
            busy.set(false);
        }
    }

    private void round() {
        try {
            var servers = new ConcurrentLinkedQueue<>(transactions.installation(repository::servers));
            List<Future<?>> others = new ArrayList<>();
            for (int i = 1; i < AT_ONCE; i++) {
                others.add(executor.submit(() -> lookAtAll(servers)));
            }
            lookAtAll(servers);
            for (Future<?> other : others) {
                other.get();
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        } catch (Failure.Retryable e) {
            LOG.log(Level.DEBUG, "No look at the servers'' slots: {0}", e.getMessage());
        } catch (ExecutionException | RuntimeException e) {
            LOG.log(Level.ERROR, "The servers' slots could not be looked at", e);
        } finally {
            busy.set(false);
        }
    }

    private void lookAtAll(Queue<SlotRepository.Server> servers) {
        SlotRepository.Server next = servers.poll();
        while (next != null) {
            lookIfDue(next.project(), next.instance());
            next = servers.poll();
        }
    }

    /** Looks at a server's slots, unless that was done minutes ago. */
    void lookIfDue(ProjectId project, UUID instance) {
        Instant now = clock.now();
        if (now.isBefore(due.getOrDefault(instance, Instant.EPOCH))) {
            return;
        }
        due.put(instance, now.plus(EVERY));
        try {
            look(project, instance);
            silent.remove(instance);
        } catch (SQLException | RuntimeException e) {
            if (!silent.add(instance)) {
                due.put(instance, now.plus(EVERY_SILENT));
            }
            LOG.log(Level.DEBUG, "The slots of instance {0} could not be looked at: {1}", instance, e.getMessage());
        }
    }

    /** @param member {@code host:port} of a server beside the primary; null for the primary, or the only one */
    private record Left(
            LastingSlot slot, Owner owner, @Nullable String member) {
        String fingerprint(UUID instance) {
            return KIND + instance + ":" + slot.name() + (member == null ? "" : at(member));
        }
    }

    private static String at(String member) {
        return "@" + member;
    }

    private void look(ProjectId project, UUID instance) throws SQLException {
        List<Left> left = new ArrayList<>();
        for (LastingSlot slot : LastingSlot.named(fleet.endpoint(project, instance), ALL)) {
            Owner owner = owner(slot.name(), instance);
            if (isLeft(slot, owner)) {
                left.add(new Left(slot, owner, null));
            }
        }
        Set<String> silentMembers = new HashSet<>();
        for (Endpoint other : fleet.others(project, instance)) {
            String member = TargetPools.instance(other);
            try {
                for (LastingSlot slot : LastingSlot.named(other, ALL)) {
                    Owner owner = owner(slot.name(), instance);
                    if (isLeftBehind(slot, owner, limit(project, instance))) {
                        left.add(new Left(slot, owner, member));
                    }
                }
            } catch (SQLException e) {
                silentMembers.add(at(member));
                LOG.log(Level.DEBUG, "The slots of {0} could not be looked at: {1}", member, e.getMessage());
            }
        }
        for (Left each : left) {
            try {
                report(project, instance, each);
            } catch (RuntimeException e) {
                LOG.log(Level.WARNING, "The slot " + each.slot().name() + " that was left could not be reported", e);
            }
        }
        Set<String> told = left.stream().map(each -> each.fingerprint(instance)).collect(Collectors.toSet());
        findings.closeAbout(
                project,
                List.of(instance),
                each -> each.startsWith(KIND)
                        && !told.contains(each)
                        && silentMembers.stream().noneMatch(each::endsWith));
    }

    /**
     * Drops a slot that nobody archives from, because a person said so.
     *
     * @param member {@code host:port} of the server that has it, where that is another one than the primary; else null
     * @throws Failure.NotFound if the server has no slot of this name, or it is not of Nightshift's naming
     * @throws Failure.Invalid if the instance names no such member
     * @throws Failure.Conflict if somebody streams from it, or an instance of this installation archives by it
     */
    void drop(ProjectId project, UUID instance, String name, @Nullable String member) {
        Endpoint primary = fleet.endpoint(project, instance);
        boolean behind = member != null && !member.equals(TargetPools.instance(primary));
        Endpoint endpoint = behind ? member(project, instance, member) : primary;
        try {
            LastingSlot slot = find(endpoint, name)
                    .orElseThrow(() ->
                            new Failure.NotFound("The server has no slot of this name that Nightshift archives from."));
            if (!behind && owner(name, instance).archives()) {
                throw new Failure.Conflict(
                        "An instance of this installation is archived by the slot " + name + ".",
                        "Switch its archiving off: that drops the slot at the instance's address.");
            }
            if (slot.active()) {
                throw inUse(name);
            }
            SlotStatus.drop(endpoint, name);
            dropped(project, instance, slot);
            String closed = new Left(slot, Owner.UNKNOWN, behind ? member : null).fingerprint(instance);
            findings.closeAbout(project, List.of(instance), closed::equals);
        } catch (SQLException e) {
            throw IN_USE.equals(e.getSQLState()) ? inUse(name) : SqlFailure.of("Dropping the slot " + name, e);
        }
    }

    private Endpoint member(ProjectId project, UUID instance, @Nullable String member) {
        return fleet.others(project, instance).stream()
                .filter(each -> TargetPools.instance(each).equals(member))
                .findFirst()
                .orElseThrow(() -> new Failure.Invalid("member", "The instance has no member " + member + "."));
    }

    private static Failure.Conflict inUse(String name) {
        return new Failure.Conflict(
                "Somebody streams from the slot " + name + " at this moment: it is not dropped.",
                "It may be another installation of Nightshift's: switch archiving off there.");
    }

    private static Optional<LastingSlot> find(Endpoint endpoint, String name) throws SQLException {
        return OURS.matcher(name).matches()
                ? LastingSlot.named(endpoint, "^" + name + "$").stream().findFirst()
                : Optional.empty();
    }

    private Owner owner(String slot, UUID server) {
        Matcher named = OURS.matcher(slot);
        if (!named.matches()) {
            return Owner.UNKNOWN;
        }
        UUID instance = UUID.fromString(named.group(1).replace('_', '-'));
        return transactions.installation(connection -> repository.owner(connection, instance, server));
    }

    private long limit(ProjectId project, UUID instance) {
        return transactions
                .in(project, connection -> services.service(connection, project, instance))
                .map(WalService::settings)
                .orElse(WalService.Settings.STANDARD)
                .retainedLimitBytes();
    }

    private void report(ProjectId project, UUID instance, Left left) {
        LastingSlot slot = left.slot();
        String member = left.member();
        String name = fleet.instance(project, instance).name().value();
        long limit = limit(project, instance);
        Long retained = slot.retainedBytes();
        boolean lost = "lost".equals(slot.walStatus());
        var evidence = Json.createObjectBuilder().add("slot", slot.name()).add("active", slot.active());
        if (retained != null) {
            evidence.add("retainedBytes", retained);
        }
        if (slot.walStatus() != null) {
            evidence.add("walStatus", slot.walStatus());
        }
        if (member != null) {
            evidence.add("member", member);
        }
        String title = name
                + (member == null ? "" : " on its member " + member)
                + (lost
                        ? " has a slot of no use that nobody takes log from: "
                        : " keeps log for a slot that nobody takes it from: ")
                + slot.name();
        findings.report(
                project,
                new FindingReport(
                        left.fingerprint(instance),
                        new Subject(Subject.Kind.INSTANCE, instance, name),
                        severity(slot, limit),
                        title,
                        "Its slot " + slot.name() + " is named after "
                                + (left.owner().known()
                                        ? "an instance that is not archived by it"
                                        : "an instance that this installation does not know")
                                + ", nobody streams from it, and "
                                + (lost
                                        ? "the server has given up what it held."
                                        : "the server keeps "
                                                + (retained == null ? "log" : new Bytes(retained) + " of log")
                                                + " for it, and what it writes from now on. A full disk stops the server."),
                        "If no other installation of Nightshift archives this server, drop the slot: DELETE …/instances/"
                                + name
                                + "/slots/" + slot.name() + "?confirm=" + slot.name()
                                + (member == null ? "" : "&member=" + member)
                                + ". It may be of this installation before a failover, before its repository was lost, or before the"
                                + " instance was registered anew.",
                        evidence.build(),
                        null));
    }

    private void dropped(ProjectId project, UUID instance, LastingSlot slot) {
        String name = fleet.instance(project, instance).name().value();
        long retained = slot.retainedBytes() == null ? 0 : slot.retainedBytes();
        LOG.log(Level.WARNING, "The slot {0} of {1} was dropped: nobody archived from it", slot.name(), name);
        transactions.run(
                project,
                connection -> audit.record(
                        project,
                        "slot.drop",
                        "instance " + name,
                        Map.of("slot", slot.name(), "retainedBytes", retained)));
    }
}
