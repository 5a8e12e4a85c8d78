package dev.nightshift.postgres;

import java.io.DataInputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/** One BASE_BACKUP: two result sets, one COPY of typed messages, a last result set. */
final class BaseBackupExchange {
    /** The server has not what the command asks for: no zstd in its build, or none with threads. */
    private static final List<String> UNSUPPORTED = List.of("0A000", "22023", "42601");

    private static final String DATA_CORRUPTED = "XX001";

    private final Wire wire;
    private final BaseBackup request;
    private final BaseBackup.Sink sink;
    private final BaseBackup.Check check;
    private final Runnable stopServer;
    private final List<BaseBackup.Tablespace> tablespaces = new ArrayList<>();
    private List<String> columns = List.of();
    private @Nullable Lsn start;
    private @Nullable Lsn stop;
    private int startTimeline;
    private int stopTimeline;
    private boolean announced;
    private @Nullable NotIncremental unwanted;

    /**
     * Of one command.
     *
     * @param stopServer asks the server to end it; what it has sent by then is still read, and thrown away
     */
    BaseBackupExchange(
            Wire wire, BaseBackup request, BaseBackup.Sink sink, BaseBackup.Check check, Runnable stopServer) {
        this.wire = wire;
        this.request = request;
        this.sink = sink;
        this.check = check;
        this.stopServer = stopServer;
    }

    BaseBackup.Outcome run() throws IOException, NotIncremental {
        List<String> compressions = request.serverCompression()
                ? List.of(
                        ", COMPRESSION 'zstd', COMPRESSION_DETAIL 'level=1,workers=2'",
                        ", COMPRESSION 'zstd', COMPRESSION_DETAIL 'level=1'",
                        "")
                : List.of("");
        for (String compression : compressions) {
            ServerError failure = attempt(compression);
            if (unwanted != null) {
                throw unwanted;
            }
            boolean checksums = failure != null && failure.sqlState().equals(DATA_CORRUPTED) && stop != null;
            if (failure == null || checksums) {
                return outcome(checksums);
            }
            if (!announced && request.incremental() && NotIncremental.is(failure)) {
                throw new NotIncremental(failure);
            }
            if (announced || compression.isEmpty() || !UNSUPPORTED.contains(failure.sqlState())) {
                throw failure;
            }
        }
        throw new IOException("The server accepts no way to send a backup.");
    }

    private BaseBackup.Outcome outcome(boolean checksumFailures) throws IOException {
        if (start == null || stop == null) {
            throw new IOException("The server ended the backup without telling its positions.");
        }
        if (startTimeline != stopTimeline) {
            throw new IOException("The server was promoted during the backup: timeline " + startTimeline + " became "
                    + stopTimeline + ".");
        }
        return new BaseBackup.Outcome(
                start, stop, startTimeline, List.copyOf(tablespaces), checksumFailures, List.of());
    }

    /** No tablespace_map: it would make a restored server link to the folders of its source. */
    private String command(String compression) {
        return "BASE_BACKUP (LABEL '" + request.label().replace("'", "''") + "', PROGRESS true, CHECKPOINT '"
                + (request.fastCheckpoint() ? "fast" : "spread")
                + "', WAL false, WAIT false, TABLESPACE_MAP false, MANIFEST 'yes', MANIFEST_CHECKSUMS 'CRC32C'"
                + (request.maxRateKilobytes() > 0 ? ", MAX_RATE " + request.maxRateKilobytes() : "")
                + (request.incremental() ? ", INCREMENTAL true" : "")
                + compression
                + ")";
    }

    private @Nullable ServerError attempt(String compression) throws IOException {
        wire.query(command(compression));
        ServerError failure = null;
        start = null;
        tablespaces.clear();
        while (true) {
            switch (wire.next()) {
                case 'T' -> columns = wire.columns();
                case 'D' -> row(wire.row());
                case 'H' -> {
                    wire.body();
                    announced = true;
                    begin(Objects.requireNonNull(start));
                }
                case 'd' -> data();
                case 'C', 'c' -> wire.body();
                case 'E' -> failure = wire.error();
                case 'Z' -> {
                    wire.body();
                    return failure;
                }
                default -> throw wire.unexpected();
            }
        }
    }

    private void begin(Lsn position) throws IOException {
        try {
            check.started(position);
        } catch (NotIncremental e) {
            unwanted = e;
            stopServer.run();
            return;
        }
        sink.started(position, startTimeline, List.copyOf(tablespaces));
    }

    private void row(List<@Nullable String> row) {
        if (columns.contains("spcoid")) {
            String kilobytes = row.get(2);
            tablespaces.add(new BaseBackup.Tablespace(
                    row.get(0), row.get(1), kilobytes == null ? 0 : Long.parseLong(kilobytes) * 1024));
        } else if (start == null) {
            start = Lsn.parse(Objects.requireNonNull(row.get(0)));
            startTimeline = Integer.parseInt(Objects.requireNonNull(row.get(1)));
        } else {
            stop = Lsn.parse(Objects.requireNonNull(row.get(0)));
            stopTimeline = Integer.parseInt(Objects.requireNonNull(row.get(1)));
        }
    }

    /** The typed messages of the manual's section 55.4, "new archive" to "progress report". */
    private void data() throws IOException {
        if (unwanted != null) {
            wire.body();
            return;
        }
        DataInputStream in = wire.stream();
        int rest = wire.length() - 1;
        int kind = in.readUnsignedByte();
        switch (kind) {
            case 'd' -> sink.data(in, rest);
            case 'p' -> sink.progress(in.readLong());
            case 'm' -> sink.manifest();
            case 'n' -> {
                byte[] names = new byte[rest];
                in.readFully(names);
                int end = 0;
                while (names[end] != 0) {
                    end++;
                }
                sink.archive(new String(names, 0, end, StandardCharsets.UTF_8));
            }
            default -> throw new IOException("The server sent backup data of an unknown kind '" + (char) kind + "'.");
        }
    }
}
