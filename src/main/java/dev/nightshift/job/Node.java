package dev.nightshift.job;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import jakarta.annotation.PostConstruct;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.time.Duration;
import java.util.UUID;

/** This node: a new one with every start of the server, so that a restarted server never owns what the dead one held. */
@ApplicationScoped
public class Node {
    private static final System.Logger LOG = System.getLogger(Node.class.getName());

    /** What a synchronised clock (NTP keeps within 100 ms over the internet) never is off by. */
    static final Duration CLOCK_TOLERANCE = Duration.ofSeconds(2);

    @Inject
    private Clock clock;

    @Inject
    private JobConfig config;

    @SuppressWarnings("NullAway.Init")
    private UUID id;

    /** Renewals after which a node judges others. */
    private static final int STEADY = 2;

    private volatile boolean leaving;
    private volatile int renewals;
    private volatile boolean drainAsked;
    private volatile Duration clockOffset = Duration.ZERO;

    @PostConstruct
    void begin() {
        id = Ids.next(clock);
    }

    public UUID id() {
        return id;
    }

    /** NIGHTSHIFT_NODE_NAME, else the host's name. */
    public String name() {
        return config.nodeName().orElseGet(() -> {
            try {
                return InetAddress.getLocalHost().getHostName();
            } catch (UnknownHostException e) {
                return "node";
            }
        });
    }

    /**
     * A draining node takes no new runs and is not ready; what it works on goes on. It drains from when the file
     * {@code run/drain} of its data folder is there, which the launcher makes before it stops the server, or anybody; or from
     * when an installation admin asked for it, until that one has it resume.
     */
    public boolean draining() {
        return drainAsked || drainsOfItself();
    }

    boolean drainsOfItself() {
        return leaving || config.drainFile().filter(Files::exists).isPresent();
    }

    /** How far this machine's clock was ahead of the database's at the last heartbeat; negative where it is behind. */
    public Duration clockOffset() {
        return clockOffset;
    }

    void heard(Leases.Heard heard) {
        if (heard.drainAsked() != drainAsked) {
            LOG.log(
                    System.Logger.Level.INFO,
                    heard.drainAsked() ? "This node drains: it was asked to." : "This node takes runs again.");
        }
        drainAsked = heard.drainAsked();
        boolean was = isOff(clockOffset);
        clockOffset = heard.clockOffset();
        if (isOff(clockOffset) && !was) {
            LOG.log(
                    System.Logger.Level.WARNING,
                    "The clock of this machine differs from that of the repository by {0} ms; synchronise both (NTP)."
                            + " Claims and leases go by the clock of the repository, times in backups and findings by this"
                            + " one.",
                    Long.toString(clockOffset.toMillis()));
        }
    }

    static boolean isOff(Duration clockOffset) {
        return clockOffset.abs().compareTo(CLOCK_TOLERANCE) > 0;
    }

    /** With each heartbeat: how many times in a row it has renewed. */
    void renewed(int times) {
        renewals = times;
    }

    /** It was heard twice in a row: after an outage of the repository all that is old looks dead, and nothing is yet. */
    boolean isSteady() {
        return renewals >= STEADY;
    }

    /** The server ends: what runs is handed over. */
    boolean leaving() {
        return leaving;
    }

    /** For good: the server ends. */
    void leave() {
        leaving = true;
    }
}
