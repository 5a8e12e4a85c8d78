package dev.nightshift.console;

import java.util.LinkedHashSet;
import java.util.Set;
import java.util.function.Consumer;

/**
 * What still has to go out on one socket: one message at a time, and one that says the same as a waiting one is dropped,
 * because it only says that something changed. A reader who falls behind by more than the limit is let go.
 */
final class Outbox {
    /** A page fetches what changed within a second or so; more than this waiting means that nobody reads. */
    static final int MOST_WAITING = 200;

    private final Consumer<String> send;
    private final Runnable tooSlow;
    private final Set<String> waiting = new LinkedHashSet<>();
    private boolean sending;
    private boolean ended;

    /**
     * @param send starts to send a message and calls {@link #sent} when it is out
     * @param tooSlow closes the socket
     */
    Outbox(Consumer<String> send, Runnable tooSlow) {
        this.send = send;
        this.tooSlow = tooSlow;
    }

    void add(String message) {
        boolean now;
        boolean full;
        synchronized (this) {
            if (ended) {
                return;
            }
            now = !sending;
            sending = true;
            full = !now && waiting.add(message) && waiting.size() > MOST_WAITING;
            ended = full;
        }
        if (now) {
            send.accept(message);
        } else if (full) {
            tooSlow.run();
        }
    }

    /** The message is out; the next one follows. */
    void sent() {
        String next;
        synchronized (this) {
            var messages = waiting.iterator();
            if (ended || !messages.hasNext()) {
                sending = false;
                return;
            }
            next = messages.next();
            messages.remove();
        }
        send.accept(next);
    }

    synchronized void end() {
        ended = true;
        waiting.clear();
    }
}
