package dev.nightshift.runtime;

import dev.nightshift.runtime.LauncherConfig.Secret;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

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

    /** Reads the settings; keeps a complaint about each that is wrong or missing. */
    static Messaging from(Variables variables) {
        Broker broker = broker(variables);
        String host = variables.text("NIGHTSHIFT_MESSAGING_HOST").orElse("127.0.0.1");
        Optional<Path> configuration = variables.file("NIGHTSHIFT_MESSAGING_CONFIGURATION");
        Optional<Secret> password = variables.secret("NIGHTSHIFT_MESSAGING_PASSWORD");
        if (broker != Broker.OFF && password.isEmpty() && !variables.isSet("NIGHTSHIFT_MESSAGING_PASSWORD_FILE")) {
            variables.wrong(
                    "NIGHTSHIFT_MESSAGING_PASSWORD",
                    "or NIGHTSHIFT_MESSAGING_PASSWORD_FILE is needed with NIGHTSHIFT_MESSAGING: whoever may write to the queue"
                            + " can have every node run code, so all nodes log in to the broker");
        }
        if ((broker == Broker.EMBEDDED || broker == Broker.REMOTE) && !LOOPBACK.contains(host)) {
            variables.wrong(
                    "NIGHTSHIFT_MESSAGING_HOST",
                    "is \"" + host
                            + "\": the embedded engine serves nodes of one machine only (127.0.0.1, ::1 or localhost)."
                            + " For nodes on several machines set NIGHTSHIFT_MESSAGING=external");
        }
        if (broker == Broker.EXTERNAL
                && configuration.isEmpty()
                && !variables.isSet("NIGHTSHIFT_MESSAGING_CONFIGURATION")) {
            variables.wrong(
                    "NIGHTSHIFT_MESSAGING_CONFIGURATION",
                    "is needed with NIGHTSHIFT_MESSAGING=external: the file that says how the broker is reached");
        }
        return new Messaging(
                broker,
                host,
                variables.port("NIGHTSHIFT_MESSAGING_PORT", 7276),
                configuration,
                variables.text("NIGHTSHIFT_MESSAGING_USER").orElse("nightshift"),
                password.orElse(new Secret("", Optional.empty())),
                variables.count("NIGHTSHIFT_MESSAGING_TARGETS", 8, 1000));
    }

    private static Broker broker(Variables variables) {
        String text = variables.text("NIGHTSHIFT_MESSAGING").orElse("off");
        return switch (text) {
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
    }

    boolean isOn() {
        return broker != Broker.OFF;
    }

    /**
     * The files that the server reads besides server.xml.
     *
     * @param folder src/main/liberty
     */
    List<Path> configurations(Path folder) {
        Stream<String> own = switch (broker) {
            case OFF -> Stream.of();
            case EMBEDDED -> Stream.of("messaging.xml", "messaging-liberty.xml", "messaging-engine.xml");
            case REMOTE -> Stream.of("messaging.xml", "messaging-liberty.xml");
            case EXTERNAL -> Stream.of("messaging.xml");
        };
        return Stream.concat(
                        own.map(folder::resolve), configuration.filter(given -> broker == Broker.EXTERNAL).stream())
                .toList();
    }

    /** The server's threads that targets from the queue take: two each, of which one only waits. */
    int threads() {
        return isOn() ? 2 * targets : 0;
    }

    /** For those files. */
    Map<String, String> variables() {
        if (!isOn()) {
            return Map.of();
        }
        Map<String, String> variables = new TreeMap<>();
        variables.put("messaging.host", host);
        variables.put("messaging.port", Integer.toString(port));
        variables.put("messaging.address", host + ":" + port + ":BootstrapBasicMessaging");
        variables.put("messaging.user", user);
        variables.put("messaging.password", password.value());
        variables.put("messaging.targets", Integer.toString(targets));
        return variables;
    }
}
