package dev.nightshift.testing;

import java.nio.charset.StandardCharsets;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import org.postgresql.PGConnection;
import org.postgresql.copy.CopyIn;

/** The tables of {@code pgbench --initialize} with the same rows, for machines that have no pgbench. */
public final class Pgbench {
    private static final int TELLERS = 10;
    private static final int ACCOUNTS = 100_000;

    /** Rows of a COPY message: far below its limit of 1 GB, far above what a round trip costs. */
    private static final int AT_ONCE = 2_000;

    private Pgbench() {}

    /** Rows of pgbench_tellers. */
    public static int tellers(int scale) {
        return TELLERS * scale;
    }

    /** Rows of pgbench_accounts: 135 bytes each, 22 more of them in the index. */
    public static int accounts(int scale) {
        return Math.multiplyExact(ACCOUNTS, scale);
    }

    /** Creates and fills them in one transaction, so that rows come in frozen and, with wal_level=minimal, without log. */
    public static void create(Connection connection, int scale) throws SQLException {
        connection.setAutoCommit(false);
        try (Statement statement = connection.createStatement()) {
            for (String table : new String[] {
                "create table pgbench_branches (bid int not null, bbalance int, filler char(88))",
                "create table pgbench_tellers (tid int not null, bid int, tbalance int, filler char(84))",
                "create table pgbench_accounts (aid int not null, bid int, abalance int, filler char(84))",
                "create table pgbench_history (tid int, bid int, aid int, delta int, mtime timestamp, filler char(22))",
                "insert into pgbench_branches select n, 0, null from generate_series(1, " + scale + ") n",
                "insert into pgbench_tellers select n, (n - 1) / " + TELLERS + " + 1, 0, null from generate_series(1, "
                        + tellers(scale) + ") n"
            }) {
                statement.execute(table);
            }
            fillAccounts(connection, accounts(scale));
            statement.execute("alter table pgbench_branches add primary key (bid)");
            statement.execute("alter table pgbench_tellers add primary key (tid)");
            statement.execute("alter table pgbench_accounts add primary key (aid)");
        }
        connection.commit();
        connection.setAutoCommit(true);
    }

    private static void fillAccounts(Connection connection, int rows) throws SQLException {
        CopyIn copy = connection
                .unwrap(PGConnection.class)
                .getCopyAPI()
                .copyIn("copy pgbench_accounts from stdin with (freeze on)");
        StringBuilder text = new StringBuilder();
        for (int aid = 1; aid <= rows; aid++) {
            text.append(aid).append('\t').append((aid - 1) / ACCOUNTS + 1).append("\t0\t\n");
            if (aid % AT_ONCE == 0 || aid == rows) {
                byte[] bytes = text.toString().getBytes(StandardCharsets.US_ASCII);
                copy.writeToCopy(bytes, 0, bytes.length);
                text.setLength(0);
            }
        }
        copy.endCopy();
    }
}
