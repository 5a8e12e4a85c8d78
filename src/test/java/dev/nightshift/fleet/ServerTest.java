package dev.nightshift.fleet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.TlsMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private static Server server(String host, int port) {
        return new Server(host, port, "nightshift", null, TlsMode.PREFER, null, "postgres", List.of(), 7);
    }

    private static @Nullable String refusedField(Executable entering) {
        return assertThrows(Failure.Invalid.class, entering).field();
    }

    @ParameterizedTest
    @ValueSource(strings = {"db1", "db1.example.com", "10.0.0.1", "::1", "fe80::1"})
    void namesAndAddressesAreHosts(String host) {
        assertEquals(host, server(host, 5432).host());
    }

    @ParameterizedTest
    @ValueSource(strings = {"", " ", "a b", "/run/postgresql", "db/other", "db?user=x", "a,b", "x@y", "%2f"})
    void whatWouldChangeTheDriversUrlIsNoHost(String host) {
        assertEquals("host", refusedField(() -> server(host, 5432)));
    }

    @Test
    void aPortLiesBetweenOneAnd65535() {
        assertEquals("port", refusedField(() -> server("db1", 0)));
        assertEquals("port", refusedField(() -> server("db1", 65_536)));
    }

    @Test
    void aRefusedTagIsNamedByItsPlace() {
        assertEquals("tags[1]", refusedField(() -> Checks.tags(List.of("production", "-x"))));
        assertEquals("tags[0]", refusedField(() -> Checks.tags(Arrays.asList((String) null))));
        assertEquals(List.of("a", "b"), Checks.tags(List.of("a", "b", "a")));
    }

    @Test
    void everyTlsModeButAllowCanBeChosen() {
        assertEquals(TlsMode.VERIFY_FULL, Checks.tls("verify-full"));
        assertEquals(TlsMode.PREFER, Checks.tls(null));
        assertEquals("tlsMode", refusedField(() -> Checks.tls("allow")));
        assertEquals("tlsMode", refusedField(() -> Checks.tls("VERIFY_FULL")));
    }

    @Test
    void aPasswordLeftOutSaysNothingAndAnEmptyOneSaysNone() {
        assertNull(Secret.asked(null, null));
        assertInstanceOf(Secret.None.class, Secret.asked("", null));
        assertInstanceOf(Secret.None.class, Secret.asked(null, ""));
        assertInstanceOf(Secret.Text.class, Secret.asked("s3cret", ""));
    }

    @Test
    void noTextFormShowsAPassword() throws IOException {
        Path file = Files.writeString(folder.resolve("password"), "s3cret\n");
        Secret text = new Secret.Text("s3cret");
        Server server = new Server("db1", 5432, "me", text, TlsMode.REQUIRE, null, "postgres", List.of(), 7);
        assertFalse(server.toString().contains("s3cret"), server.toString());
        assertEquals("passwordFile", refusedField(() -> Secret.asked("s3cret", file.toString())));
    }

    @Test
    void aPasswordFileIsReadAgainAtEachConnect() throws IOException {
        Path file = Files.writeString(folder.resolve("password"), "first\nsecond line\n");
        var password = Secret.reading(file);
        assertEquals("first", password.get());
        Files.writeString(file, "rotated\n");
        assertEquals("rotated", password.get());
        Files.delete(file);
        String message = assertThrows(Failure.Skippable.class, password::get).getMessage();
        assertTrue(String.valueOf(message).contains(file.toString()), message);
    }

    @Test
    void aPasswordFileIsAnAbsolutePathOfAShortRegularFile() throws IOException {
        assertEquals("passwordFile", refusedField(() -> Secret.asked(null, "password")));
        assertEquals("passwordFile", refusedField(() -> Secret.asked(null, folder.toString())));
        assertEquals(
                "passwordFile",
                refusedField(() -> Secret.asked(null, folder.resolve("absent").toString())));
        Path image = Files.write(folder.resolve("image"), new byte[5000]);
        assertEquals("passwordFile", refusedField(() -> Secret.asked(null, image.toString())));
    }

    @Test
    void vacuumSettingsOutOfRangeNameTheirField() {
        assertEquals("vacuum.deadPercent", refusedField(() -> new VacuumSettings(0, 10, 1000)));
        assertEquals("vacuum.changedPercent", refusedField(() -> new VacuumSettings(20, 101, 1000)));
        assertEquals("vacuum.floorRows", refusedField(() -> new VacuumSettings(20, 10, -1)));
    }
}
