package dev.nightshift.postgres;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Identifier;
import java.io.IOException;
import java.net.Socket;
import java.nio.ByteBuffer;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.Properties;
import java.util.concurrent.CancellationException;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;
import org.postgresql.Driver;
import org.postgresql.PGConnection;

/**
 * A walsender at our service: physical replication commands without client programs. The driver logs in, then its socket is
 * ours. One thread works on a session; {@link #cancel}, {@link #poke} and {@link #silence} are for others.
 */
public final class ReplicationSession implements AutoCloseable {
    /** Older servers send backups in another format. */
    public static final int OLDEST_MAJOR = 15;

    /** Older servers cannot tell what changed since another backup. */
    public static final int OLDEST_INCREMENTAL = 17;

    private static final System.Logger LOG = System.getLogger(ReplicationSession.class.getName());
    private static final Pattern SIZE = Pattern.compile("(\\d+) ?(B|kB|MB|GB)");
    /** Well below wal_sender_timeout, 60 s unless configured. */
    private static final int STATUS_SECONDS = 10;

    private final Endpoint endpoint;
    private final Connection connection;
    private final Socket socket;
    private final Wire wire;
    private final int major;
    private final List<String> warnings = new ArrayList<>();
    private volatile boolean cancelled;
    private volatile @Nullable WalSink streaming;

    private ReplicationSession(Endpoint endpoint, Connection connection, Socket socket, int major) throws IOException {
        this.endpoint = endpoint;
        this.connection = connection;
        this.socket = socket;
        this.major = major;
        this.wire = new Wire(socket, this::notice);
    }

    /**
     * Connects and logs in.
     *
     * @throws Failure.Retryable if the server is not reached or has no walsender free
     * @throws Failure.Skippable if it refuses the login or the role may not replicate, or is older than 15
     */
    public static ReplicationSession open(Endpoint endpoint) {
        Properties properties = endpoint.jdbcProperties();
        properties.setProperty("replication", "true");
        properties.setProperty("preferQueryMode", "simple");
        properties.setProperty("assumeMinServerVersion", "15");
        // A session that waits for another one's checkpoint is idle, and must not be ended for it
        properties.setProperty("options", "-c idle_session_timeout=0 -c statement_timeout=0");
        Thread thread = Thread.currentThread();
        ClassLoader before = thread.getContextClassLoader();
        // The driver may live in a class loader that does not see our factories
        thread.setContextClassLoader(ReplicationSession.class.getClassLoader());
        try (CapturedSocket captured = new CapturedSocket(properties)) {
            Connection connection =
                    Objects.requireNonNull(new Driver().connect(endpoint.jdbcUrl(), properties), "the driver's URL");
            try {
                int major = connection.getMetaData().getDatabaseMajorVersion();
                refuseOld(endpoint, major);
                captured.socket().setSoTimeout(0);
                return new ReplicationSession(endpoint, connection, captured.socket(), major);
            } catch (IOException | SQLException | RuntimeException e) {
                connection.close();
                throw e;
            }
        } catch (SQLException e) {
            throw ReplicationFailures.atLogin(endpoint, e);
        } catch (IOException e) {
            throw ReplicationFailures.broken(endpoint, e);
        } finally {
            thread.setContextClassLoader(before);
        }
    }

    private static void refuseOld(Endpoint endpoint, int major) {
        if (major < OLDEST_MAJOR) {
            throw ReplicationFailures.tooOld(endpoint, "is PostgreSQL " + major);
        }
    }

    /** The server's major version. */
    public int major() {
        return major;
    }

    /** Which cluster answers, and where it stands. */
    public SystemIdentity identify() {
        List<@Nullable String> row = one("IDENTIFY_SYSTEM");
        return new SystemIdentity(value(row, 0), Integer.parseInt(value(row, 1)), Lsn.parse(value(row, 2)));
    }

    /** A setting's value as the server shows it. */
    public String show(String setting) {
        return value(one("SHOW " + new Identifier(setting).quoted()), 0);
    }

    /** The server's version as it says: {@code 15.18 (Debian 15.18-0+deb12u1)}. */
    public String version() {
        return show("server_version");
    }

    /** The history file of a timeline, which recovery on any but the first one wants; its name and its text. */
    public HistoryFile timelineHistory(int timeline) {
        List<@Nullable String> row = one("TIMELINE_HISTORY " + timeline);
        return new HistoryFile(value(row, 0), value(row, 1));
    }

    /** The history of a timeline: {@code 00000002.history} and what stands in it. */
    public record HistoryFile(String name, String text) {}

    /** The size of a segment of the write-ahead log, in bytes. */
    public int walSegmentBytes() {
        String shown = show("wal_segment_size");
        Matcher matcher = SIZE.matcher(shown);
        if (!matcher.matches()) {
            throw new Failure.Fatal(endpoint + " has a wal_segment_size of \"" + shown + "\".", null, null);
        }
        int shift = List.of("B", "kB", "MB", "GB").indexOf(matcher.group(2)) * 10;
        return Math.toIntExact(Long.parseLong(matcher.group(1)) << shift);
    }

    /** A physical slot that ends with this session and holds the log from now on; answers the position it holds. */
    public void createTemporarySlot(String name) {
        one("CREATE_REPLICATION_SLOT " + new Identifier(name).quoted() + " TEMPORARY PHYSICAL (RESERVE_WAL)");
    }

    /**
     * Takes a base backup. While the server waits for its checkpoint it says nothing: watch {@link #silence}.
     *
     * @throws CancellationException if {@link #cancel} was called
     * @throws Failure as at {@link #open}; an exception of the sink comes out as Fatal with its cause
     */
    public BaseBackup.Outcome baseBackup(BaseBackup request, BaseBackup.Sink sink) {
        try {
            return take(request, sink, start -> {});
        } catch (NotIncremental e) {
            throw new IllegalStateException("Only an incremental backup is refused so.", e);
        }
    }

    /**
     * Takes what changed since another backup, PostgreSQL 17 and newer with summarize_wal on. After a refusal the session is
     * in order, and a full one can be taken.
     *
     * @param list the other backup's backup_manifest
     * @throws NotIncremental if the server cannot tell what changed, or the check does not trust it; the sink heard nothing
     *     then
     * @throws CancellationException as at {@link #baseBackup}
     * @throws Failure as at {@link #baseBackup}
     */
    public BaseBackup.Outcome incrementalBackup(
            byte[] list, BaseBackup request, BaseBackup.Sink sink, BaseBackup.Check check) throws NotIncremental {
        try {
            wire.copyIn("UPLOAD_MANIFEST", list);
        } catch (ServerError e) {
            if (NotIncremental.is(e)) {
                throw new NotIncremental(e);
            }
            throw failure(e);
        } catch (IOException e) {
            throw failure(e);
        }
        return take(request.asIncremental(), sink, check);
    }

    private BaseBackup.Outcome take(BaseBackup request, BaseBackup.Sink sink, BaseBackup.Check check)
            throws NotIncremental {
        synchronized (warnings) {
            warnings.clear();
        }
        BaseBackupExchange exchange = new BaseBackupExchange(wire, request, sink, check, this::stopCommand);
        try {
            BaseBackup.Outcome outcome = exchange.run();
            synchronized (warnings) {
                return new BaseBackup.Outcome(
                        outcome.start(),
                        outcome.stop(),
                        outcome.timeline(),
                        outcome.tablespaces(),
                        outcome.checksumFailures(),
                        List.copyOf(warnings));
            }
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /**
     * Makes a physical slot that stays until it is dropped and holds the log from now on, unless there is one that does.
     *
     * @return the first position that it holds
     */
    public Lsn ensureSlot(String name) {
        List<@Nullable String> row = slot(name);
        if (row.get(0) != null && row.get(1) == null) {
            dropSlot(name); // the server gave up what it held
        }
        if (row.get(1) == null) {
            one("CREATE_REPLICATION_SLOT " + new Identifier(name).quoted() + " PHYSICAL (RESERVE_WAL)");
            row = slot(name);
        }
        return Lsn.parse(value(row, 1));
    }

    /** Kind and position; nulls if there is none of this name, and a null position if the server gave up what it held. */
    private List<@Nullable String> slot(String name) {
        return one("READ_REPLICATION_SLOT " + new Identifier(name).quoted());
    }

    /** Gives the log free that a slot holds. */
    private void dropSlot(String name) {
        try {
            wire.rows("DROP_REPLICATION_SLOT " + new Identifier(name).quoted());
        } catch (IOException e) {
            throw failure(e);
        }
    }

    /**
     * Streams the log into the sink until it has enough.
     *
     * @param slot as created in this session
     * @param start a segment's first byte
     * @throws CancellationException if {@link #cancel} was called
     * @throws Failure.Fatal if the server changes to another timeline
     */
    public void streamWal(String slot, Lsn start, int timeline, WalSink sink) {
        try {
            Promotion promotion = followWal(slot, start, timeline, sink);
            if (promotion != null) {
                throw new Failure.Fatal(
                        "The server's timeline ended while its log was streamed: it was promoted, and goes on with timeline "
                                + promotion.timeline() + " at " + promotion.at() + ".",
                        "Take a new full backup.",
                        null);
            }
        } catch (LogRemoved e) {
            throw failure(e.refusal());
        }
    }

    /**
     * Streams the log of a timeline into the sink until it has enough, or the timeline ends. The session can be asked for the
     * next one then.
     *
     * @param slot of the server
     * @param start anywhere in the timeline, or in the segment with its first byte
     * @return where the server goes on after a promotion; null if the sink has enough
     * @throws LogRemoved if the server has it no more
     * @throws CancellationException if {@link #cancel} was called
     */
    public @Nullable Promotion followWal(String slot, Lsn start, int timeline, WalSink sink) throws LogRemoved {
        streaming = sink;
        ScheduledExecutorService ticker = Executors.newSingleThreadScheduledExecutor(work -> {
            Thread thread = new Thread(work, "nightshift-wal-status");
            thread.setDaemon(true);
            return thread;
        });
        try {
            var unused = ticker.scheduleAtFixedRate(this::poke, STATUS_SECONDS, STATUS_SECONDS, TimeUnit.SECONDS);
            return new WalExchange(wire, sink, this::reply)
                    .run("START_REPLICATION SLOT " + new Identifier(slot).quoted() + " PHYSICAL " + start + " TIMELINE "
                            + timeline);
        } catch (ServerError e) {
            if (LogRemoved.is(e)) {
                throw new LogRemoved(e);
            }
            throw failure(e);
        } catch (IOException e) {
            throw failure(e);
        } finally {
            ticker.shutdownNow();
            streaming = null;
        }
    }

    /** Tells a server that streams how far we are and asks it to answer, so that a finished sink is noticed at once. */
    public void poke() {
        WalSink sink = streaming;
        if (sink != null) {
            try {
                reply(sink.flushed(), true);
            } catch (IOException e) {
                LOG.log(System.Logger.Level.DEBUG, "The status could not be sent; the reader will notice.", e);
            }
        }
    }

    /** Standby status update; flushed stands for written too, and applied is none: this is no standby to wait for. */
    private void reply(Lsn flushed, boolean wantAnswer) throws IOException {
        ByteBuffer status = ByteBuffer.allocate(34);
        long micros = (Clock.system().now().toEpochMilli() - 946_684_800_000L)
                * 1000; // since 2000-01-01, for the server's log
        status.put((byte) 'r').putLong(flushed.value()).putLong(flushed.value()).putLong(0);
        status.putLong(micros).put((byte) (wantAnswer ? 1 : 0));
        wire.send('d', status.array());
    }

    /** How long the server has said nothing. */
    public Duration silence() {
        return Duration.ofNanos(System.nanoTime() - wire.lastHeard());
    }

    /** Ends what the session does, from another thread: asks the server to cancel, then cuts the connection. */
    public void cancel() {
        cancelled = true;
        stopCommand();
        abort();
    }

    private void stopCommand() {
        try {
            connection.unwrap(PGConnection.class).cancelQuery();
        } catch (SQLException e) {
            LOG.log(System.Logger.Level.DEBUG, "The cancel request did not reach " + endpoint, e);
        }
    }

    /** Cuts the connection; the server ends the session and drops its temporary slot. */
    public void abort() {
        try {
            socket.close();
        } catch (IOException e) {
            LOG.log(System.Logger.Level.DEBUG, "The connection to " + endpoint + " was closed already.", e);
        }
    }

    @Override
    public void close() {
        try {
            if (!socket.isClosed()) {
                connection.close();
            }
        } catch (SQLException e) {
            LOG.log(System.Logger.Level.DEBUG, "The session on " + endpoint + " ended with an error.", e);
        } finally {
            abort();
        }
    }

    private void notice(ServerMessage message) {
        if (message.severity().equals("WARNING")) {
            synchronized (warnings) {
                warnings.add(message.text());
            }
        }
    }

    private List<@Nullable String> one(String command) {
        try {
            List<List<@Nullable String>> rows = wire.rows(command);
            if (rows.isEmpty()) {
                throw new IOException("The server answered " + command + " with nothing.");
            }
            return rows.get(0);
        } catch (IOException e) {
            throw failure(e);
        }
    }

    private static String value(List<@Nullable String> row, int column) {
        return Objects.requireNonNull(row.get(column), "a value the protocol promises");
    }

    private RuntimeException failure(IOException e) {
        if (cancelled) {
            CancellationException cancellation = new CancellationException("Cancelled on " + endpoint + ".");
            cancellation.initCause(e);
            return cancellation;
        }
        return e instanceof ServerError refusal
                ? ReplicationFailures.refused(endpoint, refusal.sqlState(), refusal)
                : ReplicationFailures.broken(endpoint, e);
    }
}
