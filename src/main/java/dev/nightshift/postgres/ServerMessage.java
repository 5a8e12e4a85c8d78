package dev.nightshift.postgres;

import java.nio.charset.StandardCharsets;

/**
 * What a server reports in an error or notice (the manual's section 55.8).
 *
 * @param severity {@code ERROR}, {@code WARNING}, …, not translated
 * @param sqlState five characters (the manual's appendix A)
 */
record ServerMessage(String severity, String sqlState, String text, String detail) {

    static ServerMessage read(byte[] body, int length) {
        String severity = "";
        String sqlState = "";
        String text = "";
        String detail = "";
        for (int at = 0; at < length && body[at] != 0; ) {
            int end = at + 1;
            while (end < length && body[end] != 0) {
                end++;
            }
            String value = new String(body, at + 1, end - at - 1, StandardCharsets.UTF_8);
            switch (body[at]) {
                case 'V' -> severity = value;
                case 'C' -> sqlState = value;
                case 'M' -> text = value;
                case 'D' -> detail = value;
                default -> {
                    // hint, position, source line: not needed
                }
            }
            at = end + 1;
        }
        return new ServerMessage(severity, sqlState, text, detail);
    }

    @Override
    public String toString() {
        return text + (detail.isEmpty() ? "" : " (" + detail + ")") + " [" + sqlState + "]";
    }
}
