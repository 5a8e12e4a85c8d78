package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.SqlFailure.Kind;
import java.io.EOFException;
import java.net.SocketException;
import java.net.SocketTimeoutException;
import java.net.UnknownHostException;
import java.sql.SQLException;
import java.sql.SQLTransientConnectionException;
import java.util.List;
import javax.net.ssl.SSLHandshakeException;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.CharRange;
import net.jqwik.api.constraints.StringLength;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.postgresql.util.PSQLException;
import org.postgresql.util.PSQLState;

class SqlFailureTest {
    @ParameterizedTest
    @CsvSource({
        "08001,RETRYABLE,true", "08006,RETRYABLE,true", "57P03,RETRYABLE,true", "57P02,RETRYABLE,true",
        "55P03,RETRYABLE,false", "40P01,RETRYABLE,false", "40001,RETRYABLE,false", "53300,RETRYABLE,false",
        "57P01,RETRYABLE,false", "57014,SKIPPABLE,false", "42501,SKIPPABLE,false", "28P01,SKIPPABLE,false",
        "28000,SKIPPABLE,false", "3D000,SKIPPABLE,false", "25006,SKIPPABLE,false", "42P01,SKIPPABLE,false",
        "XX001,SKIPPABLE,false", "53100,SKIPPABLE,false", "08P01,SKIPPABLE,false", "08004,SKIPPABLE,false",
        "42601,FATAL,false", "22012,FATAL,false", "23505,FATAL,false"
    })
    void theStateDecidesWhetherToTryAgainAndWhetherTheBreakerCounts(String state, Kind kind, boolean unreachable) {
        SqlFailure meaning = SqlFailure.of(new SQLException("whatever language", state));
        assertEquals(kind, meaning.kind());
        assertEquals(unreachable, meaning.unreachable());
    }

    @Property
    void everyStateHasAMeaningAndOnlyWhatMayPassCountsForTheBreaker(
            @ForAll @StringLength(5) @CharRange(from = '0', to = '9') @CharRange(from = 'A', to = 'Z') String state) {
        SqlFailure meaning = SqlFailure.ofState(state);
        assertNotNull(meaning.kind());
        assertTrue(!meaning.unreachable() || meaning.kind() == Kind.RETRYABLE);
    }

    /** The driver gives such a login the state of one that was rejected, and TLS the exception of one that is not trusted. */
    @Test
    void aLoginThatBrokeInTheMiddleIsNoRefusal() {
        var scram = new SQLException("Invalid SCRAM client initialization", "08004", new SocketException("reset"));
        var handshake = new SSLHandshakeException("Remote host terminated the handshake");
        handshake.initCause(new EOFException());
        for (SQLException broken : List.of(scram, new SQLException("SSL error", "08006", handshake))) {
            assertEquals(Kind.RETRYABLE, SqlFailure.of(broken).kind());
            assertTrue(SqlFailure.of(broken).unreachable());
        }
    }

    @Test
    void aSilentServerAndAnUnknownHostAreUnreachable() {
        assertTrue(SqlFailure.of(new SQLException("io", "08006", new SocketTimeoutException("Read timed out")))
                .unreachable());
        Failure failure =
                SqlFailure.of("Connecting", new SQLException("failed", "08001", new UnknownHostException("nowhere")));
        assertInstanceOf(Failure.Retryable.class, failure);
        assertTrue(String.valueOf(failure.getMessage()).contains("nowhere is not known"));
    }

    @Test
    void aCertificateNobodyTrustsIsAMatterOfSettingsNotOfTheNetwork() {
        SqlFailure meaning = SqlFailure.of(new SQLException("ssl", "08006", new SSLHandshakeException("PKIX")));
        assertEquals(Kind.SKIPPABLE, meaning.kind());
        assertTrue(!meaning.unreachable());
    }

    @Test
    void aCertificateOfAnotherHostIsAMatterOfSettingsToo() {
        SqlFailure meaning = SqlFailure.of(new PSQLException(
                "Der Hostname 10.0.0.7 konnte von hostnameverifier PgjdbcHostnameVerifier nicht verifiziert werden.",
                PSQLState.CONNECTION_FAILURE));
        assertEquals(Kind.SKIPPABLE, meaning.kind());
        assertTrue(String.valueOf(meaning.remedy()).contains("host as its certificate names it"));
    }

    @Test
    void anExhaustedPoolMayPassAndIsNotTheServersFault() {
        SqlFailure meaning = SqlFailure.of(new SQLTransientConnectionException("timed out after 5000ms"));
        assertEquals(new SqlFailure(Kind.RETRYABLE, false, meaning.remedy()), meaning);
    }

    @Test
    void aFailureStaysWhatItIs() {
        Failure failure = new Failure.Fatal("other system identifier", null, null);
        assertSame(failure, SqlFailure.of("Backup", failure));
    }
}
