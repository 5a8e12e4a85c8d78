package dev.nightshift.backup.policy;

import dev.nightshift.fleet.Database;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Which policy answers for which server: one at most. One that names a database of the server goes before one that means it by
 * a tag, and that before one for all; among alike ones the first by name.
 */
public final class Answering {
    /** The first version of PostgreSQL that physical backups are taken of. */
    private static final int FIRST = 15;

    private final Map<UUID, Policy> byServer = new LinkedHashMap<>();
    private final Map<UUID, List<Server>> meant = new LinkedHashMap<>();

    /**
     * A server with what policies mean it by.
     *
     * @param version of PostgreSQL, {@code 18.4}; null while it is not known
     * @param proofDays how old its newest proof may be where no policy says so; 0 where no proof is expected
     */
    public record Server(
            UUID id,
            String name,
            List<String> databases,
            List<String> tags,
            @Nullable String version,
            int proofDays) {
        public Server {
            databases = List.copyOf(databases);
            tags = List.copyOf(tags);
        }

        /** Why a goal of a policy is not held against this server; empty if it is. */
        public Optional<String> outside(Policy policy, Goal goal) {
            if (goal != Goal.KIT && version != null && major(version) < FIRST) {
                return Optional.of("Physical backups begin with PostgreSQL " + FIRST + ", and this server is of "
                        + version + ": it has none.");
            }
            return goal == Goal.PROOF && policy.isForAll() && proofDays == 0
                    ? Optional.of(
                            "No proof is expected of this instance: its proofDays is 0, which a policy for all does"
                                    + " not stand in for.")
                    : Optional.empty();
        }

        private static int major(String version) {
            return Integer.parseInt(version.split("\\D", 2)[0]);
        }
    }

    private Answering() {}

    /** The servers of these databases, in the order of their names. */
    public static List<Server> servers(List<Database> databases) {
        Map<UUID, List<Database>> byServer = new LinkedHashMap<>();
        databases.forEach(each -> byServer.computeIfAbsent(each.instance().id(), id -> new ArrayList<>())
                .add(each));
        return byServer.entrySet().stream()
                .map(entry -> new Server(
                        entry.getKey(),
                        entry.getValue().get(0).instance().name().value(),
                        entry.getValue().stream()
                                .map(each -> each.name().value())
                                .toList(),
                        entry.getValue().stream()
                                .flatMap(each -> each.tags().stream())
                                .distinct()
                                .toList(),
                        entry.getValue().get(0).instance().serverVersion(),
                        entry.getValue().get(0).instance().proofDays()))
                .sorted(Comparator.comparing(Server::name))
                .toList();
    }

    /** Decides for each server. */
    public static Answering of(List<Policy> policies, List<Server> servers) {
        Answering answering = new Answering();
        List<Policy> byName = policies.stream()
                .sorted(Comparator.comparing(policy -> policy.name().value()))
                .toList();
        for (Server server : servers) {
            int nearest = Integer.MAX_VALUE;
            for (Policy policy : byName) {
                int rank = rank(policy, server);
                if (rank == NOT_MEANT) {
                    continue;
                }
                answering
                        .meant
                        .computeIfAbsent(policy.id(), id -> new ArrayList<>())
                        .add(server);
                if (rank < nearest) {
                    nearest = rank;
                    answering.byServer.put(server.id(), policy);
                }
            }
        }
        return answering;
    }

    private static final int NOT_MEANT = 3;

    /** By name, by tag, as one of all. */
    private static int rank(Policy policy, Server server) {
        if (policy.isForAll()) {
            return 2;
        }
        int rank = NOT_MEANT;
        for (String each : policy.databases()) {
            if (server.databases().contains(each)) {
                return 0;
            }
            if (each.startsWith(Policy.TAG) && server.tags().contains(each.substring(Policy.TAG.length()))) {
                rank = 1;
            }
        }
        return rank;
    }

    /** The one that answers for a server. */
    public Optional<Policy> policyOf(UUID server) {
        return Optional.ofNullable(byServer.get(server));
    }

    /** All servers that a policy means, also those that another answers for. */
    public List<Server> meant(Policy policy) {
        return List.copyOf(meant.getOrDefault(policy.id(), List.of()));
    }

    /** Those of them that it answers for. */
    public List<Server> answered(Policy policy) {
        return meant(policy).stream()
                .filter(server -> policyOf(server.id())
                        .filter(of -> of.id().equals(policy.id()))
                        .isPresent())
                .toList();
    }
}
