package dev.nightshift.job;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import jakarta.annotation.PostConstruct;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.net.InetAddress;
import java.net.UnknownHostException;
import java.nio.file.Files;
import java.util.UUID;

/** This node: a new one with every start of the server, so that a restarted server never owns what the dead one held. */
@ApplicationScoped
public class Node {
    @Inject
    private Clock clock;

    @Inject
    private JobConfig config;

    @SuppressWarnings("NullAway.Init")
    private UUID id;

    private volatile boolean leaving;

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
     * {@code run/drain} of its data folder is there, which the launcher makes before it stops the server, or anybody.
     */
    public boolean draining() {
        return leaving || config.drainFile().filter(Files::exists).isPresent();
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
