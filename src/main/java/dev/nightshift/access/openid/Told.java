package dev.nightshift.access.openid;

import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/**
 * What the provider tells of somebody.
 *
 * @param name the login name; empty if the claim is missing
 * @param displayName the login name where there is no other
 */
record Told(String subject, String name, String displayName, List<String> groups) {
    private static final int LONGEST_DISPLAY_NAME = 200;

    Told {
        groups = List.copyOf(groups);
    }

    static Told of(String subject, Map<String, ?> claims, OpenIdConfig config) {
        String name = text(claims, config.nameClaim()).orElse("");
        String displayName = text(claims, "name")
                .map(text -> text.replaceAll("\\p{Cntrl}", " ").strip())
                .filter(text -> !text.isEmpty() && text.length() <= LONGEST_DISPLAY_NAME)
                .orElse(name);
        return new Told(subject, name, displayName, groups(claims.get(config.groupsClaim())));
    }

    private static Optional<String> text(Map<String, ?> claims, String claim) {
        return Optional.ofNullable(claims.get(claim))
                .filter(String.class::isInstance)
                .map(String.class::cast);
    }

    /** A list of texts, or one text. */
    private static List<String> groups(@org.jspecify.annotations.Nullable Object claim) {
        if (claim instanceof String one) {
            return List.of(one);
        }
        return claim instanceof Collection<?> many
                ? many.stream()
                        .filter(String.class::isInstance)
                        .map(String.class::cast)
                        .toList()
                : List.of();
    }
}
