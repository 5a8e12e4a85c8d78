package dev.nightshift.postgres;

import dev.nightshift.kernel.Failure;
import java.io.IOException;
import java.sql.SQLException;

/** Sorts what goes wrong on a replication session by what can be done about it. */
final class ReplicationFailures {
    private ReplicationFailures() {}

    static Failure atLogin(Endpoint endpoint, SQLException e) {
        String state = e.getSQLState() == null ? "" : e.getSQLState();
        SqlFailure meaning = SqlFailure.of(e);
        boolean connecting = state.startsWith("08") || SqlFailure.forbidden(e) || Distrust.of(e) != null;
        if (connecting && meaning.kind() == SqlFailure.Kind.SKIPPABLE) { // such as a server without TLS
            return new Failure.Skippable(
                    endpoint + " is not connected to for replication: " + SqlFailure.words(e), meaning.remedy(), e);
        }
        if (connecting) {
            return new Failure.Retryable(
                    endpoint + " is not reached for replication: " + e.getMessage(),
                    "Check host, port, TLS mode and whether the server runs.",
                    e);
        }
        if (state.equals("42704")) { // it does not know idle_session_timeout, which came with 14
            return tooOld(endpoint, "is older than PostgreSQL 14");
        }
        return refused(endpoint, state, e);
    }

    static Failure tooOld(Endpoint endpoint, String what) {
        return new Failure.Skippable(
                endpoint + " " + what + ": physical backups need 15 or newer.",
                "Upgrade the server, or take logical backups of its databases.",
                null);
    }

    /** By SQLSTATE, the manual's appendix A. */
    static Failure refused(Endpoint endpoint, String state, Exception e) {
        String what = endpoint + " refuses replication: " + e.getMessage();
        return switch (state) {
            case "53300" ->
                new Failure.Retryable(
                        what, "Raise max_wal_senders: a backup needs two, beside those of the standbys.", e);
            case "53400" -> new Failure.Retryable(what, "Raise max_replication_slots: a backup needs one.", e);
            case "57P01", "57P02", "57P03" ->
                new Failure.Retryable(what, "The server starts or stops: wait for it.", e);
            case "28P01" -> new Failure.Skippable(what, "Correct the password.", e);
            case "28000" ->
                new Failure.Skippable(
                        what,
                        "Add a line for this role to pg_hba.conf with the database \"replication\", or correct the"
                                + " role.",
                        e);
            case "42501" ->
                new Failure.Skippable(
                        what,
                        "Let the role replicate: ALTER ROLE " + new dev.nightshift.kernel.Identifier(endpoint.user())
                                + " REPLICATION.",
                        e);
            case "55000" ->
                new Failure.Skippable(
                        what,
                        "Check wal_level (replica or logical). If it is a standby: start again where it was promoted"
                                + " meanwhile, else set full_page_writes on its primary on.",
                        e);
            case "58P01" -> new Failure.Skippable(what, "Check wal_level (replica or logical).", e);
            default -> new Failure.Skippable(what, null, e);
        };
    }

    /** The connection broke, or the one who takes the data could not go on. */
    static Failure broken(Endpoint endpoint, IOException e) {
        return new Failure.Retryable(
                "The replication session on " + endpoint + " broke: "
                        + (e.getMessage() == null ? "the server ended the connection." : e.getMessage()),
                "Look at the server's log and at the network; then try again.",
                e);
    }
}
