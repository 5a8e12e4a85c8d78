package dev.nightshift.access;

import dev.nightshift.kernel.Clock;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.HexFormat;
import java.util.List;

/**
 * Slows down guessing. An attempt counts as failed before the password is looked at and is forgiven when it was right,
 * so a hundred attempts at once get no further than one after another, on however many nodes.
 *
 * <p>Accounts are kept as hashes: people type their password into the wrong field.
 */
@ApplicationScoped
public class LoginLimit {
    static final Duration WINDOW = Duration.ofMinutes(15);
    static final int PER_ACCOUNT = 5;
    static final int PER_ADDRESS = 20;

    /** Any number that no other advisory lock of the repository uses. */
    private static final long LOCK = 0x6c6f67696eL;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    /** How long until another attempt is allowed, zero for now; the failures of the window come oldest first. */
    static Duration wait(List<Instant> failures, int limit, Instant now) {
        if (failures.size() < limit) {
            return Duration.ZERO;
        }
        Instant free = failures.get(failures.size() - limit).plus(WINDOW);
        return free.isAfter(now) ? Duration.between(now, free) : Duration.ZERO;
    }

    /** Zero if the attempt may go on, else how long to wait before the next. */
    public Duration attempt(String name, String address) {
        String account = account(name);
        Instant now = clock.now();
        return transactions.installation(connection -> {
            try (var lock = connection.prepareStatement("select pg_advisory_xact_lock(?)")) {
                lock.setLong(1, LOCK);
                lock.execute();
            }
            try (var purge = connection.prepareStatement("delete from access.login_failure where at < ?")) {
                purge.setObject(1, now.minus(WINDOW).atOffset(ZoneOffset.UTC));
                purge.execute();
            }
            Duration byAccount = wait(
                    failures(connection, "select at from access.login_failure where account = ? order by at", account),
                    PER_ACCOUNT,
                    now);
            Duration byAddress = wait(
                    failures(connection, "select at from access.login_failure where address = ? order by at", address),
                    PER_ADDRESS,
                    now);
            Duration wait = byAccount.compareTo(byAddress) > 0 ? byAccount : byAddress;
            if (wait.isZero()) {
                count(connection, account, address, now);
            }
            return wait;
        });
    }

    /** The password was right: what was counted against the account is forgotten. */
    public void forgive(String name) {
        transactions.installation(connection -> {
            try (var delete = connection.prepareStatement("delete from access.login_failure where account = ?")) {
                delete.setString(1, account(name));
                return delete.executeUpdate();
            }
        });
    }

    private static String account(String name) {
        return HexFormat.of().formatHex(new Secret(name).hash());
    }

    private static List<Instant> failures(Connection connection, String query, String value) throws SQLException {
        try (var select = connection.prepareStatement(query)) {
            select.setString(1, value);
            List<Instant> failures = new ArrayList<>();
            try (ResultSet rows = select.executeQuery()) {
                while (rows.next()) {
                    failures.add(rows.getTimestamp(1).toInstant());
                }
            }
            return failures;
        }
    }

    private static void count(Connection connection, String account, String address, Instant now) throws SQLException {
        try (var insert = connection.prepareStatement(
                "insert into access.login_failure (account, address, at) values (?, ?, ?)")) {
            insert.setString(1, account);
            insert.setString(2, address);
            insert.setObject(3, now.atOffset(ZoneOffset.UTC));
            insert.executeUpdate();
        }
    }
}
