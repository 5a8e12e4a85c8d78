package dev.nightshift.postgres;

import java.io.DataInputStream;
import java.io.IOException;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One START_REPLICATION: COPY in both directions until the sink has enough. */
final class WalExchange {
    private static final int DATA_HEADER = 25;

    /** Sends a standby status update. */
    interface Reply {
        void send(Lsn flushed, boolean wantAnswer) throws IOException;
    }

    private final Wire wire;
    private final WalSink sink;
    private final Reply reply;
    private boolean ending;
    private Lsn told = Lsn.NONE;

    WalExchange(Wire wire, WalSink sink, Reply reply) {
        this.wire = wire;
        this.sink = sink;
        this.reply = reply;
    }

    /** Where the server goes on after its promotion; null if the sink has enough. */
    @Nullable
    Promotion run(String command) throws IOException {
        wire.query(command);
        ServerError failure = null;
        List<@Nullable String> next = List.of();
        while (true) {
            switch (wire.next()) {
                case 'W', 'T', 'C' -> wire.body();
                case 'd' -> data();
                case 'c' -> {
                    wire.body();
                    end(); // the server's end of this timeline, or its answer to our own
                }
                case 'D' -> next = wire.row();
                case 'E' -> failure = wire.error();
                case 'Z' -> {
                    wire.body();
                    return end(failure, next);
                }
                default -> throw wire.unexpected();
            }
        }
    }

    private void data() throws IOException {
        DataInputStream in = wire.stream();
        int kind = in.readUnsignedByte();
        if (ending) {
            in.skipNBytes(wire.length() - 1L);
        } else if (kind == 'w') {
            Lsn position = new Lsn(in.readLong());
            in.skipNBytes(16);
            sink.write(position, in, wire.length() - DATA_HEADER);
            tell(false);
        } else if (kind == 'k') {
            in.skipNBytes(16);
            tell(in.readByte() == 1);
        } else {
            throw new IOException("The server sent log data of an unknown kind '" + (char) kind + "'.");
        }
        if (sink.complete()) {
            end();
        }
    }

    private void tell(boolean asked) throws IOException {
        Lsn flushed = sink.flushed();
        if (asked || flushed.compareTo(told) > 0) {
            told = flushed;
            reply.send(flushed, false);
        }
    }

    private void end() throws IOException {
        if (!ending) {
            ending = true;
            wire.send('c', new byte[0]);
        }
    }

    private @Nullable Promotion end(@Nullable ServerError failure, List<@Nullable String> next) throws IOException {
        if (sink.complete()) {
            return null;
        }
        if (failure != null) {
            throw failure;
        }
        if (next.size() < 2) {
            throw new IOException("The server ended its log without saying where it goes on.");
        }
        return new Promotion(
                Integer.parseInt(Objects.requireNonNull(next.get(0))), Lsn.parse(Objects.requireNonNull(next.get(1))));
    }
}
