package dev.nightshift.postgres;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddress;
import java.io.IOException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.Locale;
import java.util.Set;
import org.jspecify.annotations.Nullable;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLWarning;
import org.postgresql.util.ServerErrorMessage;

/**
 * What an error of a session means for the work: the SQLSTATE decides (the manual's appendix A), never the words, which
 * the server says in its own language.
 *
 * @param kind the {@link Failure} it becomes
 * @param unreachable the instance did not answer, or not as a server that works: counts for its breaker
 * @param remedy what a person can do; null where only the error's own words help
 */
public record SqlFailure(
        Kind kind, boolean unreachable, @Nullable String remedy) {
    private static final String WITHHELD = "its words may quote rows and are in the server's log";

    /** Of PL/pgSQL, src/pl/plpgsql/src/pl_exec.c. */
    private static final String RAISE = "exec_stmt_raise";

    /** Those of the manual's appendix A that the server raises by itself; P0 and 38, 39 are those of functions. */
    private static final Set<String> OWN_CLASSES = Set.of(
            "00", "01", "02", "03", "08", "09", "0A", "0B", "0F", "0L", "0P", "0Z", "21", "23", "24", "25", "26", "27",
            "28", "2B", "2D", "2F", "34", "3B", "3D", "3F", "40", "42", "44", "53", "54", "55", "57", "58", "72", "F0",
            "HV", "XX");

    /** As the types of {@link Failure}. */
    public enum Kind {
        RETRYABLE,
        SKIPPABLE,
        FATAL
    }

    /**
     * The failure that an exception stands for.
     *
     * @param what was attempted on what, as the beginning of a sentence: {@code "Vacuum of public.orders on db1:5432"}
     * @return the exception itself where it is a Failure already
     */
    public static Failure of(String what, Throwable thrown) {
        if (thrown instanceof Failure failure) {
            return failure;
        }
        SqlFailure meaning = of(thrown);
        String message = what + " failed: " + words(thrown);
        return switch (meaning.kind) {
            case RETRYABLE -> new Failure.Retryable(message, meaning.remedy, withoutRows(thrown));
            case SKIPPABLE -> new Failure.Skippable(message, meaning.remedy, withoutRows(thrown));
            case FATAL -> new Failure.Fatal(message, meaning.remedy, withoutRows(thrown));
        };
    }

    /** What an exception means. */
    public static SqlFailure of(Throwable thrown) {
        if (thrown instanceof Failure) {
            Kind kind = thrown instanceof Failure.Retryable
                    ? Kind.RETRYABLE
                    : thrown instanceof Failure.Skippable ? Kind.SKIPPABLE : Kind.FATAL;
            return new SqlFailure(kind, false, null);
        }
        if (forbidden(thrown)) {
            return skip(ForbiddenAddress.REMEDY);
        }
        Distrust distrust = Distrust.of(thrown);
        if (distrust != null) {
            return skip(distrust.remedy());
        }
        if (thrown instanceof SQLTransientConnectionException && thrown.getCause() == null) {
            return new SqlFailure(
                    Kind.RETRYABLE,
                    false,
                    "All connections to this database are in use; try later, or raise their limit.");
        }
        String state = state(thrown);
        if ("08004".equals(state) && Distrust.cutOff(thrown)) {
            return ofState("08006"); // so the driver calls a login that broke in the middle
        }
        if (state != null) {
            return ofState(state);
        }
        return caused(thrown, IOException.class) != null
                ? new SqlFailure(Kind.RETRYABLE, true, null)
                : new SqlFailure(Kind.FATAL, false, null);
    }

    /** What a SQLSTATE of five characters means. */
    static SqlFailure ofState(String state) {
        return switch (state) {
            case "08004" -> skip("The server or the TLS mode refuses this login; see its words.");
            case "08P01" -> skip("Look whether host and port belong to a PostgreSQL server.");
            case "40001", "40P01", "40003" -> retry(null);
            case "55P03" -> retry("Another session holds a lock on it; try when that session is done.");
            case "53300" -> retry("Raise max_connections on the server, or close connections nobody uses.");
            case "53200", "53000" -> retry(null);
            case "57P01", "57P05", "25P03", "25P04" -> retry(null);
            case "57P02", "57P03" ->
                new SqlFailure(Kind.RETRYABLE, true, "The server starts, stops or recovers; wait for it.");
            case "57014" -> skip("It took longer than its deadline allows, or a person cancelled it.");
            case "25006" -> skip("The server is a standby or read-only; work on its primary.");
            case "42501" ->
                skip("Grant the privilege to Nightshift's role; testing the connection names the statement.");
            case "28P01" -> skip("Correct the password of this role, here or on the server.");
            case "28000" -> skip("Add a line for this role, database and address to pg_hba.conf, and reload it.");
            case "3D000", "57P04" -> skip("There is no such database (any more); correct its name or remove it here.");
            case "42P01", "3F000", "42704", "42703", "42883" -> skip("It is not there (any more).");
            case "0A000" -> skip("This version of the server cannot do it.");
            case "53100" -> skip("The server's disk is full; make room.");
            default -> ofClass(state.substring(0, Math.min(2, state.length())));
        };
    }

    private static SqlFailure ofClass(String sqlClass) {
        return switch (sqlClass) {
            case "08" ->
                new SqlFailure(Kind.RETRYABLE, true, "Look whether the server runs and can be reached from here.");
            case "40", "53" -> retry(null);
            case "28", "54", "55", "58", "XX" -> skip(null);
            default -> new SqlFailure(Kind.FATAL, false, null);
        };
    }

    private static SqlFailure retry(@Nullable String remedy) {
        return new SqlFailure(Kind.RETRYABLE, false, remedy);
    }

    private static SqlFailure skip(@Nullable String remedy) {
        return new SqlFailure(Kind.SKIPPABLE, false, remedy);
    }

    /** The installation forbids the address. */
    static boolean forbidden(Throwable thrown) {
        return caused(thrown, ForbiddenAddress.class) != null;
    }

    /** The first SQLSTATE in the chain of causes. */
    static @Nullable String state(Throwable thrown) {
        for (Throwable at = thrown; at != null; at = at.getCause()) {
            if (at instanceof SQLException sql
                    && sql.getSQLState() != null
                    && sql.getSQLState().length() == 5) {
                return sql.getSQLState();
            }
        }
        return null;
    }

    static <T extends Throwable> @Nullable T caused(Throwable thrown, Class<T> type) {
        for (Throwable at = thrown; at != null; at = at.getCause()) {
            if (type.isInstance(at)) {
                return type.cast(at);
            }
        }
        return null;
    }

    /**
     * The error in one line: the server's primary message without detail, hint or context, which may quote rows. Where the
     * primary message itself may quote one, it says what kind of error it is instead.
     */
    public static String words(Throwable thrown) {
        PSQLException driver = caused(thrown, PSQLException.class);
        ServerErrorMessage said = said(thrown);
        if (said != null && said.getMessage() != null) {
            return words(said);
        }
        ForbiddenAddress forbidden = caused(thrown, ForbiddenAddress.class);
        if (forbidden != null) {
            return String.valueOf(forbidden.getMessage());
        }
        Distrust distrust = Distrust.of(thrown);
        if (distrust != null && distrust.words() != null) {
            return distrust.words();
        }
        UnknownHostException unknown = caused(thrown, UnknownHostException.class);
        if (unknown != null) {
            return "the host name " + unknown.getMessage() + " is not known";
        }
        Throwable root = driver == null ? thrown : driver;
        String message = root.getMessage() == null ? root.getClass().getSimpleName() : firstLine(root.getMessage());
        IOException io = caused(root, IOException.class);
        return io == null || io == root || io.getMessage() == null || message.contains(io.getMessage())
                ? message
                : message + " (" + firstLine(io.getMessage()).toLowerCase(Locale.ROOT) + ")";
    }

    private static @Nullable ServerErrorMessage said(Throwable thrown) {
        PSQLException error = caused(thrown, PSQLException.class);
        if (error != null) {
            return error.getServerErrorMessage();
        }
        PSQLWarning warning = caused(thrown, PSQLWarning.class);
        return warning == null ? null : warning.getServerErrorMessage();
    }

    /**
     * Class 22 quotes the value that it refuses. RAISE says whatever its function wants, under any SQLSTATE; PL/pgSQL names
     * its routine, and what other languages raise has a class of their own.
     */
    private static String words(ServerErrorMessage said) {
        String state = String.valueOf(said.getSQLState());
        if (state.startsWith("22")) {
            return "a value is not what its type or function takes (" + state + "; " + WITHHELD + ")";
        }
        if (RAISE.equals(said.getRoutine()) || !OWN_CLASSES.contains(state.substring(0, Math.min(2, state.length())))) {
            return "a function of the database raised an error (" + state + "; " + WITHHELD + ")";
        }
        return said.getMessage() + " (" + state + ")";
    }

    /**
     * What may be logged with its stack and shown with its causes: of what a server said, its {@link #words} alone. The
     * driver's own text has the detail, too.
     */
    public static Throwable withoutRows(Throwable thrown) {
        if (said(thrown) == null) {
            return thrown;
        }
        SQLException told = new SQLException(words(thrown), state(thrown));
        told.setStackTrace(thrown.getStackTrace());
        return told;
    }

    private static String firstLine(String text) {
        return text.lines().findFirst().orElse("").strip();
    }
}
