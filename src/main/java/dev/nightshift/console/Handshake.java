package dev.nightshift.console;

import dev.nightshift.access.Admissions;
import dev.nightshift.access.Identity;
import dev.nightshift.access.SameOrigin;
import dev.nightshift.access.Sessions;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.inject.spi.CDI;
import jakarta.websocket.HandshakeResponse;
import jakarta.websocket.server.HandshakeRequest;
import jakarta.websocket.server.ServerEndpointConfig;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Finds out who opens a socket. A browser sends the cookie with a handshake that any site's page starts, and no other rule
 * stops it: so the Origin must be exactly our own.
 */
public class Handshake extends ServerEndpointConfig.Configurator {
    static final String VIEWER = Viewer.class.getName();

    /** Set when nobody could be asked who it is. */
    static final String AWAY = Handshake.class.getName() + ".away";

    @Override
    public void modifyHandshake(ServerEndpointConfig config, HandshakeRequest request, HandshakeResponse response) {
        // Refused handshakes are closed in onOpen: a page can read a close code but no HTTP status
        Map<String, Object> told = config.getUserProperties();
        told.remove(VIEWER);
        told.remove(AWAY);
        try {
            viewer(request).ifPresent(viewer -> told.put(VIEWER, viewer));
        } catch (Failure.Retryable away) {
            // Not a wrong login: a page that was told so would show the login for as long as the repository is away
            told.put(AWAY, true);
        }
    }

    private static Optional<Viewer> viewer(HandshakeRequest request) {
        String host = header(request, "Host");
        List<String> projects = request.getParameterMap().getOrDefault("project", List.of());
        if (projects.size() != 1 || host == null || !SameOrigin.matches(header(request, "Origin"), "https://" + host)) {
            return Optional.empty();
        }
        String project = projects.get(0);
        Optional<Identity> identity = Sessions.cookie(header(request, "Cookie")).flatMap(select(Sessions.class)::find);
        return identity.flatMap(who ->
                select(Admissions.class).to(who, project).map(admission -> new Viewer(who, project, admission.id())));
    }

    private static <T> T select(Class<T> type) {
        return CDI.current().select(type).get();
    }

    private static @Nullable String header(HandshakeRequest request, String name) {
        for (Map.Entry<String, List<String>> header : request.getHeaders().entrySet()) {
            if (header.getKey().equalsIgnoreCase(name) && header.getValue().size() == 1) {
                return header.getValue().get(0);
            }
        }
        return null;
    }
}
