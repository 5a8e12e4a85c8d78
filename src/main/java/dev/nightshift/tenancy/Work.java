package dev.nightshift.tenancy;

import java.sql.Connection;
import java.sql.SQLException;

/** What is done inside a transaction. The connection belongs to the transaction: use it, do not close it. */
@FunctionalInterface
public interface Work<T> {
    T with(Connection connection) throws SQLException;

    /** Work without an answer. */
    @FunctionalInterface
    interface Action {
        void with(Connection connection) throws SQLException;
    }
}
