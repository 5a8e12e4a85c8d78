package dev.nightshift.backup.deletion;

import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import java.time.Instant;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What an action leads to, as far as it was measured.
 *
 * @param title what is to be done, in a sentence without a full stop
 * @param servers of each server what would go
 * @param elsewhere backups and logs beyond those, which are not told one by one
 * @param means what it means, in sentences
 */
public record Consequences(String title, List<OfServer> servers, long elsewhere, List<String> means) {
    public Consequences {
        servers = List.copyOf(servers);
        means = List.copyOf(means);
    }

    /**
     * What would go of a server.
     *
     * @param backups that would go, or could
     * @param bytes of those in all stores
     * @param logBytes of the archived log that only they need
     * @param windowFrom what stays restores back to there; null if nothing stays that does, or it is not about a window
     * @param reason why nothing goes; null where something may
     */
    public record OfServer(
            String server,
            List<UUID> backups,
            long bytes,
            long logBytes,
            @Nullable Instant windowFrom,
            @Nullable String reason) {
        public OfServer {
            backups = List.copyOf(backups);
        }
    }

    /** That nothing goes at once. */
    public static Consequences of(String title, String... means) {
        return new Consequences(title, List.of(), 0, List.of(means));
    }

    public long backups() {
        return servers.stream().mapToLong(each -> each.backups().size()).sum();
    }

    public long bytes() {
        return servers.stream().mapToLong(OfServer::bytes).sum();
    }

    public long logBytes() {
        return servers.stream().mapToLong(OfServer::logBytes).sum();
    }

    /** All of the backups that would go. */
    public Set<UUID> going() {
        return servers.stream().flatMap(each -> each.backups().stream()).collect(Collectors.toSet());
    }

    /**
     * Whether more would go than was shown: a backup that was not, or a window that begins later. Less is no reason to ask
     * anew.
     */
    public boolean isBeyond(Consequences shown) {
        Set<UUID> more = new HashSet<>(going());
        more.removeAll(shown.going());
        if (!more.isEmpty() || elsewhere > shown.elsewhere) {
            return true;
        }
        Map<String, OfServer> before =
                shown.servers.stream().collect(Collectors.toMap(OfServer::server, Function.identity()));
        return servers.stream().anyMatch(now -> {
            OfServer was = before.get(now.server());
            return was != null && beginsLater(was.windowFrom(), now.windowFrom());
        });
    }

    private static boolean beginsLater(@Nullable Instant was, @Nullable Instant now) {
        return was != null && (now == null || now.isAfter(was));
    }

    JsonObject json() {
        JsonArrayBuilder of = Json.createArrayBuilder();
        for (OfServer each : servers) {
            JsonArrayBuilder ids = Json.createArrayBuilder();
            each.backups().forEach(id -> ids.add(id.toString()));
            JsonObjectBuilder server = Json.createObjectBuilder()
                    .add("server", each.server())
                    .add("backups", ids)
                    .add("bytes", each.bytes())
                    .add("logBytes", each.logBytes());
            Instant from = each.windowFrom();
            if (from != null) {
                server.add("windowFrom", from.toString());
            }
            String reason = each.reason();
            if (reason != null) {
                server.add("reason", reason);
            }
            of.add(server);
        }
        return Json.createObjectBuilder()
                .add("title", title)
                .add("servers", of)
                .add("elsewhere", elsewhere)
                .add("means", Json.createArrayBuilder(means))
                .build();
    }

    static Consequences of(JsonObject json) {
        return new Consequences(
                json.getString("title"),
                json.getJsonArray("servers").getValuesAs(JsonObject.class).stream()
                        .map(Consequences::server)
                        .toList(),
                json.getJsonNumber("elsewhere").longValue(),
                json.getJsonArray("means").getValuesAs(JsonString.class).stream()
                        .map(JsonString::getString)
                        .toList());
    }

    private static OfServer server(JsonObject json) {
        String from = json.getString("windowFrom", null);
        return new OfServer(
                json.getString("server"),
                json.getJsonArray("backups").getValuesAs(JsonString.class).stream()
                        .map(id -> UUID.fromString(id.getString()))
                        .toList(),
                json.getJsonNumber("bytes").longValue(),
                json.getJsonNumber("logBytes").longValue(),
                from == null ? null : Instant.parse(from),
                json.getString("reason", null));
    }
}
