package dev.nightshift.runtime;

import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** Host, port and database of a {@code jdbc:postgresql://host:port/database} URL with one host and no user in it. */
record JdbcAddress(String host, int port, String database) {
    private static final int STANDARD_PORT = 5432;
    private static final Pattern FORM =
            Pattern.compile("jdbc:postgresql://(\\[[0-9a-fA-F:.]+]|[^:/?@,\\[\\]]+)(?::(\\d{1,5}))?/([^/?&]+)");

    static Optional<JdbcAddress> parse(String url) {
        Matcher matcher = FORM.matcher(url);
        if (!matcher.matches()) {
            return Optional.empty();
        }
        int port = matcher.group(2) == null ? STANDARD_PORT : Integer.parseInt(matcher.group(2));
        return port < 1 || port > 65535
                ? Optional.empty()
                : Optional.of(new JdbcAddress(matcher.group(1), port, matcher.group(3)));
    }

    String url() {
        return "jdbc:postgresql://" + host + ":" + port + "/" + database;
    }
}
