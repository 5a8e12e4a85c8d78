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
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import java.lang.System.Logger.Level;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Comparator;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Slots of Nightshift's naming that nobody archives from: their servers keep log for them until the disk is full. Where an
 * instance of this installation had one and is done with it, the slot is dropped. Every other one may be that of another
 * installation, or of this one before it lost its repository: that is a person's to decide, and a finding until then.
 */
@ApplicationScoped
class LeftSlots implements SelfCheck {
    private static final System.Logger LOG = System.getLogger(LeftSlots.class.getName());
    private static final String KIND = "wal.left-slot:";

    /** {@link WalService#slot}: all others that Nightshift makes are temporary, and go with their session. */
    private static final Pattern OURS = Pattern.compile("nightshift_wal_([0-9a-f]{8}(?:_[0-9a-f]{4}){3}_[0-9a-f]{12})");

    private static final Duration EVERY = Duration.ofMinutes(15);

    /** Of servers that do not answer there may be many, and the other self-checks wait. */
    private static final Duration ROUND = Duration.ofSeconds(20);

    /** Longer than a node takes that has not heard yet that archiving was switched off. */
    private static final Duration QUIET = Duration.ofMinutes(15);

    private static final String IN_USE = "55006";

    private final Map<UUID, Instant> looked = new ConcurrentHashMap<>();

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
     * @param quietSince when its archiving was over for good; null if it is not, or was never known
     */
    record Owner(boolean known, boolean archives, @Nullable Instant quietSince) {
        static final Owner UNKNOWN = new Owner(false, false, null);
    }

    /** What becomes of a slot. */
    enum Fate {
        LEAVE,
        REPORT,
        DROP
    }

    /** A slot that somebody streams from harms nobody: whoever does that watches over it. */
    static Fate fate(LastingSlot slot, Owner owner, Instant now) {
        if (slot.active() || owner.archives()) {
            return Fate.LEAVE;
        }
        Instant quiet = owner.quietSince();
        if (quiet == null) {
            return Fate.REPORT;
        }
        return quiet.plus(QUIET).isAfter(now) ? Fate.LEAVE : Fate.DROP;
    }

    /** Critical past the limit that archiving has, and where the server's own is near. */
    static Severity severity(LastingSlot slot, long limitBytes) {
        Long retained = slot.retainedBytes();
        return (retained != null && retained > limitBytes) || "unreserved".equals(slot.walStatus())
                ? Severity.CRITICAL
                : Severity.WARNING;
    }

    /** Every server, those first that nobody asked for longest; one that does not answer is asked again later. */
    @Override
    public void check() {
        List<SlotRepository.Server> servers = transactions.installation(repository::servers);
        long end = System.nanoTime() + ROUND.toNanos();
        looked.keySet()
                .retainAll(servers.stream().map(SlotRepository.Server::instance).toList());
        servers.stream()
                .sorted(Comparator.comparing(each -> looked.getOrDefault(each.instance(), Instant.EPOCH)))
                .takeWhile(each -> System.nanoTime() < end)
                .forEach(each -> lookIfDue(each.project(), each.instance()));
    }

    /** Looks at a server's slots, unless that was done minutes ago. */
    void lookIfDue(ProjectId project, UUID instance) {
        Instant now = clock.now();
        Instant before = looked.get(instance);
        if (before != null && before.plus(EVERY).isAfter(now)) {
            return;
        }
        looked.put(instance, now);
        try {
            look(project, instance);
        } catch (Failure | SQLException e) {
            LOG.log(Level.DEBUG, "The slots of instance {0} could not be looked at: {1}", instance, e.getMessage());
        }
    }

    private void look(ProjectId project, UUID instance) throws SQLException {
        Endpoint endpoint = fleet.endpoint(project, instance);
        Set<String> left = new HashSet<>();
        for (LastingSlot slot : LastingSlot.named(endpoint, "^" + OURS.pattern() + "$")) {
            Owner owner = owner(slot.name(), instance);
            switch (fate(slot, owner, clock.now())) {
                case LEAVE -> {}
                case REPORT -> {
                    left.add(fingerprint(instance, slot.name()));
                    report(project, instance, slot, owner);
                }
                case DROP -> {
                    SlotStatus.drop(endpoint, slot.name());
                    dropped(project, instance, slot, "slot.sweep");
                }
            }
        }
        findings.closeAbout(project, List.of(instance), each -> each.startsWith(KIND) && !left.contains(each));
    }

    /**
     * Drops a slot that nobody archives from, because a person said so.
     *
     * @throws Failure.NotFound if the server has no slot of this name, or it is not of Nightshift's naming
     * @throws Failure.Conflict if somebody streams from it, or an instance of this installation archives by it
     */
    void drop(ProjectId project, UUID instance, String name) {
        Endpoint endpoint = fleet.endpoint(project, instance);
        try {
            LastingSlot slot = find(endpoint, name)
                    .orElseThrow(() ->
                            new Failure.NotFound("The server has no slot of this name that Nightshift archives from."));
            if (owner(name, instance).archives()) {
                throw new Failure.Conflict(
                        "An instance of this installation is archived by the slot " + name + ".",
                        "Switch its archiving off: that drops the slot.");
            }
            if (slot.active()) {
                throw inUse(name);
            }
            SlotStatus.drop(endpoint, name);
            dropped(project, instance, slot, "slot.drop");
        } catch (SQLException e) {
            throw IN_USE.equals(e.getSQLState()) ? inUse(name) : SqlFailure.of("Dropping the slot " + name, e);
        }
        looked.remove(instance);
        lookIfDue(project, instance);
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

    private static String fingerprint(UUID instance, String slot) {
        return KIND + instance + ":" + slot;
    }

    private void report(ProjectId project, UUID instance, LastingSlot slot, Owner owner) {
        String name = fleet.instance(project, instance).name().value();
        long limit = transactions
                .in(project, connection -> services.service(connection, project, instance))
                .map(WalService::settings)
                .orElse(WalService.Settings.STANDARD)
                .retainedLimitBytes();
        Long retained = slot.retainedBytes();
        var evidence = Json.createObjectBuilder().add("slot", slot.name()).add("active", slot.active());
        if (retained != null) {
            evidence.add("retainedBytes", retained);
        }
        if (slot.walStatus() != null) {
            evidence.add("walStatus", slot.walStatus());
        }
        findings.report(
                project,
                new FindingReport(
                        fingerprint(instance, slot.name()),
                        new Subject(Subject.Kind.INSTANCE, instance, name),
                        severity(slot, limit),
                        name + " keeps log for a slot that nobody takes it from",
                        "Its slot " + slot.name() + " is named after "
                                + (owner.known()
                                        ? "another instance"
                                        : "an instance that this installation does not know")
                                + ", nobody streams from it, and "
                                + (retained == null
                                        ? "the server has given up what it held."
                                        : "the server keeps " + new Bytes(retained)
                                                + " of log for it, and what it writes from"
                                                + " now on. A full disk stops the server."),
                        "If no other installation of Nightshift archives this server, drop the slot: DELETE …/instances/"
                                + name
                                + "/slots/" + slot.name() + "?confirm=" + slot.name()
                                + ". It may be of this installation before its repository was lost, or before the instance was"
                                + " registered anew.",
                        evidence.build(),
                        null));
    }

    private void dropped(ProjectId project, UUID instance, LastingSlot slot, String action) {
        String name = fleet.instance(project, instance).name().value();
        long retained = slot.retainedBytes() == null ? 0 : slot.retainedBytes();
        LOG.log(Level.WARNING, "The slot {0} of {1} was dropped: nobody archived from it", slot.name(), name);
        transactions.run(
                project,
                connection -> audit.record(
                        project, action, "instance " + name, Map.of("slot", slot.name(), "retainedBytes", retained)));
    }
}
