package dev.nightshift.fleet;

import static dev.nightshift.testing.Refused.refusedField;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.kernel.Roots;
import dev.nightshift.postgres.Boundary;
import dev.nightshift.postgres.ClientCertificate;
import dev.nightshift.postgres.TlsMode;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ServerTest {
    @TempDir
    @SuppressWarnings("NullAway.Init")
    private Path folder;

    private static Server server(String host, int port) {
        return new Server(
                host, port, List.of(), "nightshift", null, TlsMode.PREFER, null, null, "postgres", List.of(), 7);
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
        assertNull(asked(null, null, null));
        assertInstanceOf(Secret.None.class, asked("", null, null));
        assertInstanceOf(Secret.None.class, asked(null, "", null));
        assertInstanceOf(Secret.None.class, asked(null, null, ""));
        assertInstanceOf(Secret.Text.class, asked("s3cret", "", ""));
    }

    @Test
    void noTextFormShowsAPassword() throws IOException {
        Path file = Files.writeString(folder.resolve("password"), "s3cret\n");
        Secret text = new Secret.Text("s3cret");
        Server server =
                new Server("db1", 5432, List.of(), "me", text, TlsMode.REQUIRE, null, null, "postgres", List.of(), 7);
        assertFalse(server.toString().contains("s3cret"), server.toString());
        assertEquals("passwordFile", refusedField(() -> asked("s3cret", file.toString(), null)));
    }

    @Test
    void aPasswordFileIsReadAgainAtEachConnect() throws IOException {
        Path file = Files.writeString(folder.resolve("password"), "first\nsecond line\n");
        var password = Secret.reading(file, Boundary.STANDARD);
        assertEquals("first", password.get());
        Files.writeString(file, "rotated\n");
        assertEquals("rotated", password.get());
        Files.delete(file);
        String message = assertThrows(Failure.Skippable.class, password::get).getMessage();
        assertTrue(String.valueOf(message).contains(file.toString()), message);
    }

    @Test
    void aPasswordFileIsAnAbsolutePathOfAShortRegularFile() throws IOException {
        assertEquals("passwordFile", refusedField(() -> asked(null, "password", null)));
        assertEquals("passwordFile", refusedField(() -> asked(null, folder.toString(), null)));
        assertEquals(
                "passwordFile",
                refusedField(() -> asked(null, folder.resolve("absent").toString(), null)));
        Path image = Files.write(folder.resolve("image"), new byte[5000]);
        assertEquals("passwordFile", refusedField(() -> asked(null, image.toString(), null)));
    }

    @Test
    void whatLiesOutsideOfTheRootsIsRefusedInTheSameWordsWhetherItIsThereOrNot() throws IOException {
        Path root = Files.createDirectory(folder.resolve("root"));
        Path outside = Files.writeString(folder.resolve("outside"), "s3cret");
        Files.createSymbolicLink(root.resolve("link"), outside);
        Files.createSymbolicLink(root.resolve("dangling"), folder.resolve("absent"));
        List<String> words = Stream.of(
                        outside.toString(),
                        folder.resolve("absent").toString(),
                        root.resolve("link").toString(),
                        root.resolve("dangling").toString(),
                        root + "/../outside",
                        root.toString(),
                        "relative",
                        "\0")
                .map(path -> assertThrows(
                                Failure.Invalid.class,
                                () -> Checks.file("rootCertificate", path, new Roots(List.of(root))))
                        .getMessage())
                .distinct()
                .toList();
        assertEquals(1, words.size(), words::toString);
        assertTrue(words.get(0).contains(root.toString()), words.get(0));
        Path own = Files.writeString(root.resolve("own"), "s3cret");
        assertEquals(own, Checks.file("rootCertificate", own.toString(), new Roots(List.of(root))));
    }

    @Test
    void aPasswordFileThatALinkLedOutOfTheRootsSinceIsNotRead() throws IOException {
        Path root = Files.createDirectory(folder.resolve("root"));
        Path file = Files.writeString(root.resolve("password"), "s3cret");
        var password = Secret.reading(file, new Boundary(ForbiddenAddresses.STANDARD, new Roots(List.of(root))));
        assertEquals("s3cret", password.get());
        Files.delete(file);
        Files.createSymbolicLink(file, Files.writeString(folder.resolve("master.key"), "the key of everything"));
        Failure refused = assertThrows(Failure.Skippable.class, password::get);
        assertTrue(String.valueOf(refused.remedy()).contains("NIGHTSHIFT_CREDENTIAL_ROOTS"), refused::toString);
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "NIGHTSHIFT_MASTER_KEY",
                "NIGHTSHIFT_CREDENTIAL_",
                "NIGHTSHIFT_CREDENTIAL_ROOTS",
                "NIGHTSHIFT_CREDENTIAL_shop",
                "XNIGHTSHIFT_CREDENTIAL_SHOP",
                "PATH"
            })
    void noVariableCanBeNamedThatIsNotMeantForPasswords(String name) {
        assertEquals("passwordVariable", refusedField(() -> asked(null, null, name)));
        assertEquals("passwordVariable", refusedField(() -> new Secret.Variable(name)));
    }

    @Test
    void aVariableThatIsNotSetIsRefusedWhenItIsNamedAndSaidWhenItIsGone() {
        assertEquals("passwordVariable", refusedField(() -> asked(null, null, "NIGHTSHIFT_CREDENTIAL_NOT_SET")));
        var password = Secret.reading(new Secret.Variable("NIGHTSHIFT_CREDENTIAL_NOT_SET"));
        Failure gone = assertThrows(Failure.Skippable.class, password::get);
        assertTrue(gone.getMessage().contains("NIGHTSHIFT_CREDENTIAL_NOT_SET"), gone::getMessage);
    }

    @Test
    void aCertificateAndItsKeyComeTogetherAndNeedTls() throws IOException {
        String file = Files.writeString(folder.resolve("file"), "x").toString();
        assertEquals("clientKey", refusedField(() -> certified(file, null, "require")));
        assertEquals("clientCertificate", refusedField(() -> certified("", file, "require")));
        assertEquals("tlsMode", refusedField(() -> certified(file, file, "disable")));
        assertEquals(
                new ClientCertificate(Path.of(file), Path.of(file)),
                certified(file, file, "require").clientCertificate());
        assertNull(certified("", "", "require").clientCertificate());
    }

    private static Server certified(@Nullable String certificate, @Nullable String key, String tls) {
        return new ServerFields(
                        "db1", null, null, "me", null, null, null, tls, null, certificate, key, null, null, null)
                .server(Roots.ANYWHERE);
    }

    private static @Nullable Secret asked(@Nullable String password, @Nullable String file, @Nullable String variable) {
        return Secret.asked(password, file, variable, Roots.ANYWHERE);
    }

    @Test
    void vacuumSettingsOutOfRangeNameTheirField() {
        assertEquals("vacuum.deadPercent", refusedField(() -> new VacuumSettings(0, 10, 1000)));
        assertEquals("vacuum.changedPercent", refusedField(() -> new VacuumSettings(20, 101, 1000)));
        assertEquals("vacuum.floorRows", refusedField(() -> new VacuumSettings(20, 10, -1)));
    }
}
