package dev.nightshift.testing;

import com.sun.net.httpserver.HttpExchange;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.MessageDigest;
import java.util.Arrays;
import java.util.HexFormat;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import javax.crypto.Mac;
import javax.crypto.spec.SecretKeySpec;
import org.jspecify.annotations.Nullable;

/** Signatures of version 4 as AWS documents them ("Signing AWS API requests"), computed without its SDK. */
final class AwsSignature {
    private static final Pattern AUTHORIZATION = Pattern.compile(
            "AWS4-HMAC-SHA256 Credential=(?<id>[^/]+)/(?<day>\\d{8})/(?<region>[a-z0-9-]+)/(?<service>[a-z0-9]+)"
                    + "/aws4_request, ?SignedHeaders=(?<headers>[a-z0-9;-]+), ?Signature=(?<signature>[0-9a-f]{64})");

    private final Matcher given;

    private AwsSignature(Matcher given) {
        this.given = given;
    }

    /** Null if the request carries none. */
    static @Nullable AwsSignature of(HttpExchange exchange) {
        Matcher given = AUTHORIZATION.matcher(
                String.valueOf(exchange.getRequestHeaders().getFirst("Authorization")));
        return given.matches() ? new AwsSignature(given) : null;
    }

    String id() {
        return given.group("id");
    }

    List<String> headers() {
        return List.of(given.group("headers").split(";", -1));
    }

    boolean isFor(String service, String region) {
        return given.group("service").equals(service) && given.group("region").equals(region);
    }

    /** Whether it is of this request and this secret. */
    boolean isBy(String secret, HttpExchange exchange, byte[] body) throws GeneralSecurityException {
        String time = String.valueOf(exchange.getRequestHeaders().getFirst("X-Amz-Date"));
        String payload = exchange.getRequestHeaders().getFirst("X-Amz-Content-Sha256");
        if (payload == null || (!payload.equals("UNSIGNED-PAYLOAD") && !payload.equals(sha256(body)))) {
            if (payload != null) {
                return false;
            }
            payload = sha256(body);
        }
        StringBuilder canonical = new StringBuilder(exchange.getRequestMethod())
                .append('\n')
                .append(exchange.getRequestURI().getRawPath())
                .append('\n')
                .append(query(exchange.getRequestURI().getRawQuery()))
                .append('\n');
        for (String name : headers()) {
            canonical
                    .append(name)
                    .append(':')
                    .append(String.join(",", exchange.getRequestHeaders().get(name))
                            .strip())
                    .append('\n');
        }
        canonical.append('\n').append(given.group("headers")).append('\n').append(payload);
        String day = given.group("day");
        String scope = day + "/" + given.group("region") + "/" + given.group("service") + "/aws4_request";
        String text = "AWS4-HMAC-SHA256\n" + time + "\n" + scope + "\n"
                + sha256(canonical.toString().getBytes(StandardCharsets.UTF_8));
        byte[] key = ("AWS4" + secret).getBytes(StandardCharsets.UTF_8);
        for (String part : List.of(day, given.group("region"), given.group("service"), "aws4_request", text)) {
            Mac mac = Mac.getInstance("HmacSHA256");
            mac.init(new SecretKeySpec(key, "HmacSHA256"));
            key = mac.doFinal(part.getBytes(StandardCharsets.UTF_8));
        }
        return HexFormat.of().formatHex(key).equals(given.group("signature"));
    }

    private static String query(@Nullable String raw) {
        return raw == null || raw.isEmpty()
                ? ""
                : Arrays.stream(raw.split("&", -1))
                        .map(each -> each.contains("=") ? each : each + "=")
                        .sorted()
                        .collect(Collectors.joining("&"));
    }

    private static String sha256(byte[] bytes) throws GeneralSecurityException {
        return HexFormat.of().formatHex(MessageDigest.getInstance("SHA-256").digest(bytes));
    }
}
