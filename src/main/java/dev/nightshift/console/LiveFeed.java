package dev.nightshift.console;

import dev.nightshift.access.Admissions;
import dev.nightshift.access.Sessions;
import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.websocket.CloseReason;
import jakarta.websocket.Session;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;

/** The open sockets of this node: who may have one, and what goes out on which. */
@ApplicationScoped
public class LiveFeed {
    /** The page asks for a new login, rather than trying again, when it sees this code (4000 to 4999 are ours to give). */
    static final int LOGIN_GONE = 4401;

    /** Enough for every window that one person keeps open, too few to use up the server. */
    static final int MOST_PER_PERSON = 20;

    /** The page connects again after a pause. */
    static final int TRY_AGAIN_LATER = 1013;

    private static final System.Logger LOG = System.getLogger(LiveFeed.class.getName());
    private static final long SEND_TIMEOUT_MILLIS = 10_000;

    private final Map<String, Socket> sockets = new ConcurrentHashMap<>();

    @Inject
    private Sessions sessions;

    @Inject
    private Admissions admissions;

    private record Socket(Session session, Viewer viewer, Outbox outbox) {}

    void open(Session session, Viewer viewer) {
        session.getAsyncRemote().setSendTimeout(SEND_TIMEOUT_MILLIS);
        UUID person = viewer.identity().id();
        synchronized (this) {
            if (sockets.values().stream()
                            .filter(s -> s.viewer().identity().id().equals(person))
                            .count()
                    >= MOST_PER_PERSON) {
                close(session, TRY_AGAIN_LATER, "Too many open pages.");
                return;
            }
            sockets.put(session.getId(), socket(session, viewer));
        }
        Socket opened = sockets.get(session.getId());
        if (opened != null) {
            opened.outbox().add(Change.HELLO);
        }
    }

    private Socket socket(Session session, Viewer viewer) {
        Outbox[] outbox = new Outbox[1];
        outbox[0] = new Outbox(
                message -> session.getAsyncRemote().sendText(message, result -> {
                    if (result.isOK()) {
                        outbox[0].sent();
                    } else {
                        close(session, TRY_AGAIN_LATER, "Sending failed.");
                    }
                }),
                () -> close(session, TRY_AGAIN_LATER, "Too slow."));
        return new Socket(session, viewer, outbox[0]);
    }

    void closed(Session session) {
        Socket socket = sockets.remove(session.getId());
        if (socket != null) {
            socket.outbox().end();
        }
    }

    /** Tells the pages of the change's project, and no others. */
    void tell(Change change) {
        for (Socket socket : sockets.values()) {
            if (socket.viewer().id().equals(change.project())) {
                send(socket, change.message());
            }
        }
    }

    /** Some changes may have been missed: every page fetches anew. */
    void tellAll() {
        tellAll(Change.HELLO);
    }

    /** Nothing is heard from the repository: every page finds out for itself, rather than with its next request. */
    void tellAway() {
        tellAll(Change.AWAY);
    }

    private void tellAll(String message) {
        sockets.values().forEach(socket -> send(socket, message));
    }

    private void send(Socket socket, String message) {
        try {
            socket.outbox().add(message);
        } catch (IllegalStateException | IllegalArgumentException closedMeanwhile) {
            closed(socket.session());
        }
    }

    /** Closes the sockets whose session or role is gone. While the repository is away nothing is known, so all stay. */
    void check() {
        for (Socket socket : sockets.values()) {
            Viewer viewer = socket.viewer();
            UUID session = viewer.identity().session();
            try {
                if (session == null
                        || sessions.find(session)
                                .flatMap(who -> admissions.to(who, viewer.project()))
                                .filter(admission -> admission.id().equals(viewer.id()))
                                .isEmpty()) {
                    close(socket.session(), LOGIN_GONE, "The login or the role is gone.");
                    closed(socket.session());
                } else {
                    // Finds out about peers that vanished without a word
                    socket.session().getAsyncRemote().sendPing(ByteBuffer.allocate(0));
                }
            } catch (Failure.Retryable away) {
                LOG.log(System.Logger.Level.DEBUG, "Sockets stay unchecked: {0}", away.getMessage());
                return;
            } catch (IOException | IllegalStateException | IllegalArgumentException gone) {
                closed(socket.session());
            }
        }
    }

    static void close(Session session, int code, String reason) {
        try {
            session.close(new CloseReason(CloseReason.CloseCodes.getCloseCode(code), reason));
        } catch (IOException | IllegalStateException gone) {
            LOG.log(System.Logger.Level.DEBUG, "A socket was gone before it was closed.", gone);
        }
    }
}
