package dev.nightshift.fleet;

import static dev.nightshift.testing.Refused.refusedField;
import static org.junit.jupiter.api.Assertions.assertDoesNotThrow;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.ClientCertificate;
import dev.nightshift.postgres.TlsMode;
import java.nio.file.Path;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

class ExposureTest {
    private static final Path ROOT = Path.of("/c/root.crt");
    private static final ClientCertificate CERTIFICATE =
            new ClientCertificate(Path.of("/c/a.crt"), Path.of("/c/a.key"));

    private static Server server(
            String host, int port, String user, TlsMode tls, @Nullable Path root, @Nullable Secret secret) {
        return new Server(host, port, List.of(), user, secret, tls, root, null, "postgres", List.of(), 7);
    }

    private static Server before() {
        return at("db1", List.of("db2:5433", "db3"));
    }

    private static Server at(String host, List<String> members) {
        return new Server(host, 5432, members, "me", null, TlsMode.VERIFY_CA, ROOT, null, "postgres", List.of(), 7);
    }

    private static Instance stored(@Nullable String sealed, @Nullable Path file, @Nullable String variable) {
        Instance instance = new Instance(
                UUID.randomUUID(), new ProjectId(UUID.randomUUID()), new Name("shop"), before(), Instant.EPOCH);
        instance.password(sealed, file, variable);
        return instance;
    }

    static Stream<Server> exposing() {
        return Stream.of(
                server("evil", 5432, "me", TlsMode.VERIFY_CA, ROOT, null),
                at("db1", List.of("db2:5433", "evil")),
                at("db1", List.of("db2:5434")),
                server("db1", 5433, "me", TlsMode.VERIFY_CA, ROOT, null),
                server("db1", 5432, "other", TlsMode.VERIFY_CA, ROOT, null),
                server("db1", 5432, "me", TlsMode.REQUIRE, ROOT, null),
                server("db1", 5432, "me", TlsMode.DISABLE, ROOT, null),
                server("db1", 5432, "me", TlsMode.VERIFY_CA, null, null));
    }

    static Stream<Server> harmless() {
        return Stream.of(
                before(),
                at("db1", List.of()),
                at("db3", List.of("db1", "db2:5433")),
                server("db1", 5432, "me", TlsMode.VERIFY_FULL, ROOT, null),
                server("db1", 5432, "me", TlsMode.VERIFY_CA, Path.of("/c/next.crt"), null));
    }

    @ParameterizedTest
    @MethodSource("exposing")
    void whatCouldSendALoginElsewhereAsksForItAgainByItsField(Server after) {
        assertEquals("password", refused(stored("sealed", null, null), after));
        assertEquals("passwordFile", refused(stored(null, Path.of("/c/pw"), null), after));
        assertEquals("passwordVariable", refused(stored(null, null, "NIGHTSHIFT_CREDENTIAL_SHOP"), after));
        assertDoesNotThrow(() -> Exposure.refuse(stored(null, null, null), after));
    }

    @ParameterizedTest
    @MethodSource("exposing")
    void whoGivesItAnewMayMoveIt(Server after) {
        Server anew = new Server(
                after.host(),
                after.port(),
                after.members(),
                after.user(),
                new Secret.Text("new"),
                after.tls(),
                after.rootCertificate(),
                null,
                "postgres",
                List.of(),
                7);
        assertDoesNotThrow(() -> Exposure.refuse(stored("sealed", null, null), anew));
        assertFalse(Exposure.ofReference(stored(null, Path.of("/c/pw"), null), anew));
    }

    @ParameterizedTest
    @MethodSource("harmless")
    void whatGoesToTheSameServerWithNoLessOfACheckKeepsIt(Server after) {
        assertDoesNotThrow(() -> Exposure.refuse(stored("sealed", null, null), after));
        assertFalse(Exposure.ofReference(stored(null, Path.of("/c/pw"), null), after));
    }

    @ParameterizedTest
    @MethodSource("exposing")
    void filesAndVariablesOfTheMachineAreNotMovedAlong(Server after) {
        assertTrue(Exposure.ofReference(stored(null, Path.of("/c/pw"), null), after));
        assertTrue(Exposure.ofReference(stored(null, null, "NIGHTSHIFT_CREDENTIAL_SHOP"), after));
        assertFalse(Exposure.ofReference(stored("sealed", null, null), after));
    }

    @Test
    void aClientCertificateIsNotShownElsewhereWhateverPasswordIsGiven() {
        Server moved = new Server(
                "evil",
                5432,
                List.of(),
                "me",
                new Secret.Text("new"),
                TlsMode.VERIFY_CA,
                ROOT,
                CERTIFICATE,
                "postgres",
                List.of(),
                7);
        assertTrue(Exposure.ofReference(stored(null, null, null), moved));
    }

    private static String refused(Instance before, Server after) {
        return refusedField(() -> Exposure.refuse(before, after));
    }
}
