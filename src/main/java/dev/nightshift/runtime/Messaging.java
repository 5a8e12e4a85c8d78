package dev.nightshift.runtime;

import dev.nightshift.runtime.LauncherConfig.Secret;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;

/**
 * Which broker carries the targets of runs from node to node; docs/how-to/spread-runs-over-nodes.md.
 *
 * @param broker NIGHTSHIFT_MESSAGING
 * @param host NIGHTSHIFT_MESSAGING_HOST: the address that an engine of this node listens on, or at which another's answers
 * @param port NIGHTSHIFT_MESSAGING_PORT
 * @param configuration NIGHTSHIFT_MESSAGING_CONFIGURATION: how an external broker is reached, as server configuration
 * @param user NIGHTSHIFT_MESSAGING_USER: as whom nodes log in to an external broker
 * @param password NIGHTSHIFT_MESSAGING_PASSWORD
 * @param targets NIGHTSHIFT_MESSAGING_TARGETS: how many targets of the queue this node works on at once
 */
record Messaging(
        Broker broker, String host, int port, Optional<Path> configuration, String user, Secret password, int targets) {
    /** Where the queue lies. */
    enum Broker {
        /** Nowhere: each run stays on the node that took it. */
        OFF,
        /** In an engine that this node has. */
        EMBEDDED,
        /** In the engine of another node. */
        REMOTE,
        /** In a broker that is none of Nightshift's. */
        EXTERNAL
    }

    private static final List<String> LOOPBACK = List.of("127.0.0.1", "::1", "localhost");

    /** For requests, timers and the runs that this node has. */
    private static final int OTHER_THREADS = 32;

    private static final String CLOSED = "-1";

    static Messaging from(Variables variables) {
        String text = variables.text("NIGHTSHIFT_MESSAGING").orElse("off");
        Broker broker = switch (text) {
            case "off" -> Broker.OFF;
            case "embedded" -> Broker.EMBEDDED;
            case "remote" -> Broker.REMOTE;
            case "external" -> Broker.EXTERNAL;
            default -> {
                variables.wrong(
                        "NIGHTSHIFT_MESSAGING", "is \"" + text + "\": it must be off, embedded, remote or external");
                yield Broker.OFF;
            }
        };
        Messaging messaging = new Messaging(
                broker,
                variables.text("NIGHTSHIFT_MESSAGING_HOST").orElse("127.0.0.1"),
                variables.port("NIGHTSHIFT_MESSAGING_PORT", 7276),
                variables.file("NIGHTSHIFT_MESSAGING_CONFIGURATION"),
                variables.text("NIGHTSHIFT_MESSAGING_USER").orElse("nightshift"),
                variables.secret("NIGHTSHIFT_MESSAGING_PASSWORD").orElse(new Secret("", Optional.empty())),
                variables.count("NIGHTSHIFT_MESSAGING_TARGETS", 8, 1000));
        return messaging;
    }

    boolean isOn() {
        return broker != Broker.OFF;
    }

    /** The files of src/main/liberty that the server reads besides server.xml. */
    List<String> configurations() {
        List<String> files = new ArrayList<>();
        if (isOn()) {
            files.add("messaging.xml");
        }
        if (broker == Broker.EMBEDDED || broker == Broker.REMOTE) {
            files.add("messaging-liberty.xml");
        }
        if (broker == Broker.EMBEDDED) {
            files.add("messaging-engine.xml");
        }
        return files;
    }

    /** For those files. */
    Map<String, String> variables() {
        if (!isOn()) {
            return Map.of();
        }
        Map<String, String> variables = new TreeMap<>();
        variables.put("messaging.host", host);
        variables.put("messaging.port", Integer.toString(port));
        variables.put("messaging.tls.port", CLOSED);
        variables.put("messaging.address", host + ":" + port + ":BootstrapBasicMessaging");
        variables.put("messaging.user", user);
        variables.put("messaging.password", password.value());
        variables.put("messaging.targets", Integer.toString(targets));
        variables.put("messaging.threads", Integer.toString(OTHER_THREADS + 2 * targets));
        return variables;
    }
}
