package dev.nightshift.backup;

import dev.nightshift.testing.Eventually;
import dev.nightshift.testing.Pgbench;
import dev.nightshift.testing.Postgres;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicLong;

/**
 * Clients that run pgbench's transaction (TPC-B's, roughly) one after another until they are told to stop. Each numbers its
 * own in the history's filler, so that one that is lost can be named.
 */
final class Transactions implements AutoCloseable {
    private static final int LARGEST_DELTA = 5_000;

    private final Postgres server;
    private final String database;
    private final int scale;
    private final List<AtomicLong> acknowledged = new ArrayList<>();
    private final List<CompletableFuture<Void>> clients = new ArrayList<>();
    private volatile boolean stopping;

    /** Starts them. */
    Transactions(Postgres server, String database, int scale, int clients) {
        this.server = server;
        this.database = database;
        this.scale = scale;
        for (int client = 0; client < clients; client++) {
            AtomicLong count = new AtomicLong();
            acknowledged.add(count);
            int number = client;
            this.clients.add(CompletableFuture.runAsync(
                    () -> run(number, count), work -> new Thread(work, "client-" + number).start()));
        }
    }

    private void run(int client, AtomicLong count) {
        Random random = new Random(client);
        try (Connection connection = server.connect(database)) {
            connection.setAutoCommit(false);
            try (PreparedStatement account = connection.prepareStatement(
                            "update pgbench_accounts set abalance = abalance + ? where aid = ?");
                    PreparedStatement balance =
                            connection.prepareStatement("select abalance from pgbench_accounts where aid = ?");
                    PreparedStatement teller = connection.prepareStatement(
                            "update pgbench_tellers set tbalance = tbalance + ? where tid = ?");
                    PreparedStatement branch = connection.prepareStatement(
                            "update pgbench_branches set bbalance = bbalance + ? where bid = ?");
                    PreparedStatement history = connection.prepareStatement(
                            "insert into pgbench_history (tid, bid, aid, delta, mtime, filler)"
                                    + " values (?, ?, ?, ?, current_timestamp, ?)")) {
                while (!stopping) {
                    int aid = 1 + random.nextInt(Pgbench.accounts(scale));
                    int tid = 1 + random.nextInt(Pgbench.tellers(scale));
                    int bid = 1 + random.nextInt(scale);
                    int delta = random.nextInt(2 * LARGEST_DELTA + 1) - LARGEST_DELTA;
                    update(account, delta, aid);
                    balance.setInt(1, aid);
                    balance.executeQuery().close();
                    update(teller, delta, tid);
                    update(branch, delta, bid);
                    history.setInt(1, tid);
                    history.setInt(2, bid);
                    history.setInt(3, aid);
                    history.setInt(4, delta);
                    history.setString(5, client + ":" + (count.get() + 1));
                    history.executeUpdate();
                    connection.commit();
                    count.incrementAndGet();
                }
            }
        } catch (SQLException e) {
            throw new IllegalStateException("Client " + client + " ended.", e);
        }
    }

    private static void update(PreparedStatement statement, int delta, int id) throws SQLException {
        statement.setInt(1, delta);
        statement.setInt(2, id);
        statement.executeUpdate();
    }

    /** Per client: its transactions whose commit was acknowledged, by now at least. */
    List<Long> acknowledged() {
        clients.stream().filter(CompletableFuture::isCompletedExceptionally).forEach(CompletableFuture::join);
        return acknowledged.stream().map(AtomicLong::get).toList();
    }

    /** Waits until each client has so many. */
    void awaitEach(long count) {
        Eventually.isTrue(
                count + " transactions of each client",
                Duration.ofSeconds(60),
                () -> acknowledged().stream().allMatch(done -> done >= count));
    }

    /** Lets each finish its transaction. */
    @Override
    public void close() {
        stopping = true;
        clients.forEach(CompletableFuture::join);
    }
}
