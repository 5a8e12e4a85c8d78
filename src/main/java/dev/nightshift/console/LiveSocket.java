package dev.nightshift.console;

import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.websocket.EndpointConfig;
import jakarta.websocket.OnClose;
import jakarta.websocket.OnError;
import jakarta.websocket.OnMessage;
import jakarta.websocket.OnOpen;
import jakarta.websocket.Session;
import jakarta.websocket.server.ServerEndpoint;
import java.util.List;

/** {@code /live?project=…}: tells one page what changes in its project. It sends; what it receives it ignores. */
@Dependent
@ServerEndpoint(value = "/live", configurator = Handshake.class)
public class LiveSocket {
    private static final int MOST_RECEIVED_BYTES = 1024;

    @Inject
    private LiveFeed feed;

    @OnOpen
    public void open(Session session, EndpointConfig config) {
        session.setMaxTextMessageBufferSize(MOST_RECEIVED_BYTES);
        session.setMaxBinaryMessageBufferSize(MOST_RECEIVED_BYTES);
        Object viewer = config.getUserProperties().get(Handshake.VIEWER);
        List<String> asked = session.getRequestParameterMap().getOrDefault("project", List.of());
        // The second look guards against properties that two handshakes share
        if (viewer instanceof Viewer known
                && asked.equals(List.of(known.project()))
                && session.getUserPrincipal() != null
                && session.getUserPrincipal().getName().equals(known.identity().name())) {
            feed.open(session, known);
        } else if (config.getUserProperties().containsKey(Handshake.AWAY)) {
            LiveFeed.close(session, LiveFeed.TRY_AGAIN_LATER, "The repository is away.");
        } else {
            LiveFeed.close(session, LiveFeed.LOGIN_GONE, "Log in.");
        }
    }

    @OnMessage(maxMessageSize = MOST_RECEIVED_BYTES)
    public void ignore(String message) {}

    @OnClose
    public void close(Session session) {
        feed.closed(session);
    }

    /** A page that went away, as a rule; the container closes the socket. */
    @OnError
    public void failed(Session session, Throwable error) {
        feed.closed(session);
    }
}
