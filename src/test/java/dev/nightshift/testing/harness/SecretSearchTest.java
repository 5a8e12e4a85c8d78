package dev.nightshift.testing.harness;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Base64;
import java.util.HexFormat;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class SecretSearchTest {
    private static final String SECRET = "planted+/ %&\"ü\\secret-8f2d71";
    private static final byte[] BYTES = SECRET.getBytes(StandardCharsets.UTF_8);

    private final SecretSearch search = new SecretSearch(Map.of("it", SECRET));

    private List<String> in(String text) {
        search.in("a text", "before " + text + " behind");
        return search.found();
    }

    @Test
    void asItIs() {
        assertEquals(List.of("it in a text"), in(SECRET));
    }

    @ParameterizedTest
    @ValueSource(strings = {"", "u", "us", "user", "user:", "user:x"})
    void inTheBase64OfSomethingThatContainsItWhereverItBegins(String before) {
        for (String after : List.of("", "1", "12", "123")) {
            byte[] whole = (before + SECRET + after).getBytes(StandardCharsets.UTF_8);
            for (Base64.Encoder encoder : List.of(
                    Base64.getEncoder(),
                    Base64.getEncoder().withoutPadding(),
                    Base64.getUrlEncoder(),
                    Base64.getUrlEncoder().withoutPadding(),
                    Base64.getMimeEncoder(16, new byte[] {'\n'}))) {
                SecretSearch anew = new SecretSearch(Map.of("it", SECRET));
                anew.in("a text", "Basic " + encoder.encodeToString(whole));
                assertEquals(List.of("it as base64 in a text"), anew.found(), before + "…" + after);
            }
        }
    }

    @Test
    void withPercentSigns() {
        String form = URLEncoder.encode(SECRET, StandardCharsets.UTF_8);
        assertEquals(List.of("it with percent signs and plus for blanks in a text"), in(form));
        assertEquals(true, in(form.replace("+", "%20")).contains("it with percent signs in a text"));
    }

    @Test
    void withPercentSignsInSmallLettersAndForSomeCharactersOnly() {
        String some = SECRET.replace("%", "%25").replace(" ", "%20").replace("ü", "%c3%bc");
        assertEquals(List.of("it with percent signs in a text"), in(some));
    }

    @Test
    void escapedAsJson() {
        assertEquals(
                List.of("it as JSON in a text"), in(SECRET.replace("\\", "\\\\").replace("\"", "\\\"")));
    }

    @Test
    void escapedAsJsonWithCodes() {
        assertEquals(
                List.of("it as JSON in a text"),
                in(SECRET.replace("\\", "\\u005c")
                        .replace("\"", "\\u0022")
                        .replace("ü", "\\u00FC")
                        .replace("/", "\\/")));
    }

    @Test
    void escapedAsHtml() {
        assertEquals(
                List.of("it as HTML in a text"), in(SECRET.replace("&", "&amp;").replace("\"", "&#34;")));
    }

    @ParameterizedTest
    @ValueSource(booleans = {true, false})
    void asHex(boolean upper) {
        HexFormat hex = upper ? HexFormat.of().withUpperCase() : HexFormat.of();
        assertEquals(List.of("it as hex in a text"), in("\\x" + hex.formatHex(BYTES)));
    }

    @Test
    void inBytesThatAreNoText() {
        byte[] bytes = new byte[BYTES.length + 2];
        bytes[0] = (byte) 0xff;
        System.arraycopy(BYTES, 0, bytes, 1, BYTES.length);
        search.in("a file", bytes);
        assertEquals(List.of("it in a file"), search.found());
    }

    @Test
    void andNotWhereItIsNot() {
        assertEquals(
                List.of(),
                in("planted+/ %&\"u\\secret-8f2d71 " + Base64.getEncoder().encodeToString(new byte[60])));
        assertThrows(IllegalArgumentException.class, () -> new SecretSearch(Map.of("it", "short")));
    }
}
