package dev.nightshift.kernel;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.net.InetAddress;
import java.net.UnknownHostException;
import java.util.Map;
import net.jqwik.api.ForAll;
import net.jqwik.api.Property;
import net.jqwik.api.constraints.IntRange;
import net.jqwik.api.constraints.Size;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class ForbiddenAddressesTest {
    private static boolean forbidden(String address) throws UnknownHostException {
        return ForbiddenAddresses.STANDARD.forbids(InetAddress.getByName(address));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "169.254.169.254", // and in other spellings
                "2852039166",
                "169.254.43518",
                "169.16689662",
                "::ffff:169.254.169.254",
                "0:0:0:0:0:ffff:a9fe:a9fe",
                "64:ff9b::169.254.169.254",
                "2002:a9fe:a9fe::1",
                "169.254.0.1",
                "0.0.0.0",
                "0",
                "0.1.2.3",
                "::",
                "fe80::1",
                "febf:ffff::1",
                "fd00:ec2::254",
                "fd20:ce::254",
                "100.100.100.200",
                "168.63.129.16",
                "192.0.0.192",
                "224.0.0.1",
                "239.255.255.255",
                "255.255.255.255",
                "ff02::1"
            })
    void linkLocalMetadataNobodyAndEverybodyAreForbiddenInEverySpelling(String address) throws UnknownHostException {
        assertTrue(forbidden(address));
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "127.0.0.1",
                "::1",
                "10.0.0.1",
                "172.16.5.5",
                "192.168.1.1",
                "100.100.100.201",
                "fd00::1",
                "fec0::1",
                "169.253.255.255",
                "169.255.0.0",
                "1.0.0.0",
                "2001:db8::1",
                "64:ff9b::10.0.0.1",
                "2002:a00:1::1"
            })
    void loopbackPrivateAndPublicNetworksAreWhereDatabasesAre(String address) throws UnknownHostException {
        assertFalse(forbidden(address));
    }

    @Test
    void theInstallationDecidesAndNoneForbidsNothing() throws UnknownHostException {
        ForbiddenAddresses own = set("10.0.0.0/9, 2001:db8::/32 ,127.0.0.1");
        assertTrue(own.forbids(InetAddress.getByName("10.127.255.255")));
        assertFalse(own.forbids(InetAddress.getByName("10.128.0.0")));
        assertTrue(own.forbids(InetAddress.getByName("2001:db8:ffff::")));
        assertTrue(own.forbids(InetAddress.getLoopbackAddress()));
        assertFalse(own.forbids(InetAddress.getByName("127.0.0.2")));
        assertFalse(own.forbids(InetAddress.getByName("169.254.169.254")), "it replaces the usual ones");
        assertFalse(set("none").forbids(InetAddress.getByName("169.254.169.254")));
        assertTrue(set(" ").forbids(InetAddress.getByName("169.254.169.254")), "an empty one is not set");
    }

    @ParameterizedTest
    @ValueSource(
            strings = {
                "localhost",
                "10.0.0.0/33",
                "10.0.0.0/-1",
                "10.0.0/8",
                "::/129",
                "10.0.0.0/",
                "/8",
                "1,,2",
                "a::g"
            })
    void whatIsNoRangeIsNamedWithTheSetting(String text) {
        String message =
                assertThrows(IllegalArgumentException.class, () -> set(text)).getMessage();
        assertTrue(String.valueOf(message).startsWith("nightshift.forbidden.addresses "), message);
    }

    private static ForbiddenAddresses set(String text) {
        return ForbiddenAddresses.of(TypedSettings.of(Map.of("NIGHTSHIFT_FORBIDDEN_ADDRESSES", text)));
    }

    /** Against arithmetic instead of bits one by one. */
    @Property
    void aRangeHoldsWhatSharesItsFirstBits(
            @ForAll @Size(4) byte[] network, @ForAll @Size(4) byte[] address, @ForAll @IntRange(max = 32) int bits)
            throws UnknownHostException {
        InetAddress first = InetAddress.getByAddress(network);
        long shift = 32L - bits;
        boolean same = number(network) >>> shift == number(address) >>> shift;
        assertEquals(
                same,
                ForbiddenAddresses.parse(first.getHostAddress() + "/" + bits)
                        .forbids(InetAddress.getByAddress(address)));
    }

    private static long number(byte[] bytes) {
        return Integer.toUnsignedLong(java.nio.ByteBuffer.wrap(bytes).getInt());
    }

    @Test
    void theRefusalNamesTheHostAndNotTheAddressBehindIt() throws UnknownHostException {
        InetAddress behind = InetAddress.getByName("169.254.169.254");
        ForbiddenAddress refused =
                assertThrows(ForbiddenAddress.class, () -> ForbiddenAddresses.STANDARD.check("db.example.com", behind));
        assertTrue(String.valueOf(refused.getMessage()).contains("db.example.com"));
        assertFalse(String.valueOf(refused.getMessage()).contains("169.254"));
        assertTrue(ForbiddenAddress.REMEDY.contains("NIGHTSHIFT_FORBIDDEN_ADDRESSES"));
    }
}
