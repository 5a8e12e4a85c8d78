package dev.nightshift.job;

import java.util.List;
import java.util.regex.Pattern;

/**
 * A line of a log as it may be kept and shown. What programs and servers say of a failure may repeat what they were given:
 * a connection string, a header, a statement. Nightshift's own lines hold no secrets; these are masked wherever they come
 * from.
 */
final class LogText {
    /** Characters of one line. */
    static final int MOST = 4000;

    private static final String MARK = " … (cut)";

    /** No pattern looks further into what a program may have written without an end. */
    private static final int LOOKED_AT = 5 * MOST;

    private static final String MASK = "***";

    private record Secret(Pattern pattern, String shown) {
        Secret(String regex, String shown) {
            this(Pattern.compile(regex, Pattern.CASE_INSENSITIVE), shown);
        }
    }

    private static final List<Secret> SECRETS = List.of(
            new Secret("(?s)-----BEGIN [A-Z ]*PRIVATE KEY-----.*?(-----END [A-Z ]*PRIVATE KEY-----|\\z)", MASK),
            // postgresql://user:password@host
            new Secret("\\b([a-z][a-z0-9+.-]{0,20}://[^\\s:/@]{0,200}:)[^\\s]{1,500}@", "$1" + MASK + "@"),
            new Secret("\\b(authorization[\"']?\\s*[:=]\\s*[\"']?(?:[a-z]+\\s+)?)[^\\s\"']+", "$1" + MASK),
            new Secret("\\b(bearer\\s+)[a-z0-9._~+/=-]{16,}", "$1" + MASK),
            // password=x, "secretKey": "x", PGPASSWORD='x', alter role r password 'x'
            new Secret(
                    "((?:password|passwd|passphrase|pwd|secret|token|api[_-]?key|access[_-]?key|secret[_-]?key)"
                            + "(?:[\"']?\\s*[=:]\\s*|\\s+(?=e?')))(?:e?'[^']*+(?:''[^']*+)*+'?|\"[^\"\\\\]*+(?:\\\\.[^\"\\\\]*+)*+\"?|[^\\s&]+)",
                    "$1" + MASK),
            // An API key of Nightshift's; its first characters, by which keys are told apart, are shorter
            new Secret("\\bns_[a-z0-9_-]{32,}", "ns_" + MASK),
            // What PostgreSQL keeps of a password
            new Secret("SCRAM-SHA-256\\$[^\\s'\"]+", MASK),
            new Secret("\\bmd5[0-9a-f]{32}\\b", MASK));

    private LogText() {}

    /** Without what nobody may read or no text may hold, and cut with a mark where it is too long. */
    static String clean(String text) {
        String clean = masked(upTo(text, LOOKED_AT).replace("\0", ""));
        return clean.length() <= MOST ? clean : upTo(clean, MOST - MARK.length()) + MARK;
    }

    private static String masked(String text) {
        String masked = text;
        for (Secret secret : SECRETS) {
            masked = secret.pattern().matcher(masked).replaceAll(secret.shown());
        }
        return masked;
    }

    /** No more than so many characters, and no half of one. */
    private static String upTo(String text, int most) {
        if (text.length() <= most) {
            return text;
        }
        return text.substring(0, Character.isHighSurrogate(text.charAt(most - 1)) ? most - 1 : most);
    }
}
