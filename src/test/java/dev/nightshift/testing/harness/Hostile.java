package dev.nightshift.testing.harness;

import jakarta.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.Set;
import java.util.TreeMap;
import java.util.function.Supplier;

/** Makes requests that nobody means well with, out of what OpenAPI says of them. The same random source, the same requests. */
public final class Hostile {
    /** As JSON, for the place of any field. */
    private static final List<String> VALUES = List.of(
            "null",
            "true",
            "false",
            "0",
            "-1",
            "1.5",
            "2147483648",
            "-9223372036854775809",
            "1e400",
            "1e999999999",
            "-1e-999999999",
            "1".repeat(400),
            "[]",
            "{}",
            "[null]",
            "[[]]",
            "[{}]",
            "[\"base\",null]",
            "[\"\\u0000\"]",
            "[\"*\",\"*\"]",
            "{\"a\":1}",
            "{\"\\u0000\":\"\\u0000\"}",
            "{\"\\ud800\":{}}",
            "[".repeat(20) + "]".repeat(20),
            "{\"a\":".repeat(20) + "1" + "}".repeat(20),
            "{\"deadPercent\":null,\"floorRows\":1e30}",
            "{\"maxMinutes\":1e400}");

    /** For the place of any text. */
    private static final List<String> TEXTS = List.of(
            "",
            " ",
            "\0",
            "a\0b",
            "\ud800",
            "a\udc00\ud800b",
            "\ud83d\ude00",
            "\u202e\u0301\ufeff",
            "\n\t\u001b[31m",
            "\u0131",
            "x".repeat(300),
            "\u00e4".repeat(5_000),
            "*",
            "%00",
            "%",
            "-1",
            "0",
            "abc",
            "99999999999999999999",
            "9223372036854775807",
            "NaN",
            "null",
            "..",
            "../../../../etc/passwd",
            "/dev/zero",
            "/proc/self/mem",
            "'; drop table access.person; --",
            "<script>alert(1)</script>",
            "${jndi:ldap://localhost/x}",
            "+999999999-12-31",
            "-999999999-01-01",
            "9999-12-31",
            "2027-13-45",
            "+1000000000-12-31T23:59:59.999999999Z",
            "-1000000000-01-01T00:00:00Z",
            "300000-01-01T00:00:00Z",
            "0001-01-01T00:00:00Z",
            "00000000-0000-0000-0000-000000000000",
            "1-1-1-1-1",
            "0 0 31 2 *",
            "* * * * * *",
            "99 99 99 99 99",
            "*/0 * * * *",
            "5-1 * * * *",
            "@yearly",
            "0 2 * * 1#6",
            "+18:00",
            "UTC+25",
            "GMT0",
            "XXX",
            "verify-full",
            "ADMIN",
            "completed",
            "base");

    private static final List<String> ESCAPES =
            List.of("%00", "%FF", "%C0%80", "%ED%A0%80", "%2F", "%5C", "%2E%2E", "%3B", "%25", "%0D%0A", "a%2F..%2Fb");

    private final Random random;

    public Hostile(Random random) {
        this.random = random;
    }

    /** A text to stand in an address, already encoded. */
    public String escaped() {
        return random.nextInt(4) == 0
                ? pick(ESCAPES)
                : java.net.URLEncoder.encode(text(), java.nio.charset.StandardCharsets.UTF_8)
                        .replace("+", "%20");
    }

    private String text() {
        if (random.nextInt(4) > 0) {
            return pick(TEXTS);
        }
        StringBuilder text = new StringBuilder();
        for (int n = random.nextInt(80); n >= 0; n--) {
            text.append((char) random.nextInt(random.nextBoolean() ? 0x80 : 0x10000));
        }
        return text.toString();
    }

    /** JSON of any kind. */
    public String value() {
        return random.nextBoolean() ? pick(VALUES) : quoted(text());
    }

    /**
     * For each field of the schema a body in which that field alone is wrong.
     *
     * @param valid JSON by the fields' names, so that a request is refused for the one field or not at all; asked for each
     *     body, because a name is taken once
     */
    public List<String> bodiesWithOneWrong(JsonObject schema, Supplier<Map<String, String>> valid, int each) {
        List<String> bodies = new ArrayList<>();
        for (String field : fields(schema)) {
            for (int n = 0; n < each; n++) {
                Map<String, String> fields = new TreeMap<>(valid.get());
                fields.keySet().retainAll(fields(schema));
                fields.put(field, value());
                bodies.add(object(fields));
            }
        }
        return bodies;
    }

    /** None of a body that is another program's. */
    private static Set<String> fields(JsonObject schema) {
        return schema.containsKey("properties")
                ? schema.getJsonObject("properties").keySet()
                : Set.of();
    }

    /** A body in which many fields are wrong, some are missing and one is unknown. */
    public String bodyWithManyWrong(JsonObject schema) {
        Map<String, String> fields = new TreeMap<>();
        for (String field : fields(schema)) {
            if (random.nextInt(4) > 0) {
                fields.put(field, value());
            }
        }
        fields.put("unknown" + random.nextInt(9), value());
        return object(fields);
    }

    /** A body that is broken as a whole. */
    public String brokenBody(JsonObject schema) {
        String field = quoted(pick(fields(schema).isEmpty() ? List.of("any") : List.copyOf(fields(schema))));
        return switch (random.nextInt(18)) {
            case 0 -> "";
            case 1 -> "null";
            case 2 -> "[{}]";
            case 3 -> "{";
            case 4 -> value();
            case 5 -> "{" + field + ":" + value() + "," + field + ":" + value() + "}";
            case 6 -> ("{" + field + ":").repeat(10_000);
            case 7 -> "[".repeat(100_000);
            case 8 -> "{" + field + ":" + "[".repeat(25) + "]".repeat(25) + "}";
            case 9 -> "{}{}";
            case 10 -> "{" + field + ":1}x";
            case 11 -> "\ufeff{}";
            case 12 -> "// comment\n{}";
            case 13 -> "{" + field + ":NaN}";
            case 14 -> "{" + field + ":\"\u0001\"}";
            case 15 -> "{" + field + ":\"\\x\\u12\"}";
            case 16 -> "{" + field + ":\"" + "y".repeat(900_000) + "\"}";
            default -> "{" + field + ":\"" + "y".repeat(1_100_000) + "\"}";
        };
    }

    private static String object(Map<String, String> fields) {
        StringBuilder text = new StringBuilder("{");
        fields.forEach((name, value) -> text.append(text.length() == 1 ? "" : ",")
                .append(quoted(name))
                .append(':')
                .append(value));
        return text.append('}').toString();
    }

    /** As a JSON string; with escapes, because no other way leads lone surrogates over a wire in UTF-8. */
    private static String quoted(String text) {
        StringBuilder json = new StringBuilder("\"");
        for (int at = 0; at < text.length(); at++) {
            char c = text.charAt(at);
            if (c < ' ' || c > '~' || c == '"' || c == '\\') {
                json.append("\\u%04x".formatted((int) c));
            } else {
                json.append(c);
            }
        }
        return json.append('"').toString();
    }

    private <T> T pick(List<T> from) {
        return from.get(random.nextInt(from.size()));
    }
}
