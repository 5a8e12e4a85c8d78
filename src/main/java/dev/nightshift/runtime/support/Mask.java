package dev.nightshift.runtime.support;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Takes names and what may be a secret out of a text. The same name has the same stand-in all through a bundle, so that what
 * belongs together is still seen.
 */
final class Mask {
    /** What follows a word that announces a secret; keys, tokens and whatever else is as long and as random. */
    private static final Pattern SECRET = Pattern.compile(
            "(?i)\\b((?:password|passphrase|secret|token|credentials?|authorization)\"?\\s*[=:]\\s*\"?)(?:(?:Bearer|Basic)\\s+)?[^\\s\",;]+"
                    + "|\\b(Bearer|Basic)\\s+\\S+"
                    + "|\\b(ns_)[A-Za-z0-9_-]{8,}"
                    + "|(?<![A-Za-z0-9+/_=-])()[A-Za-z0-9+/_-]{40,}=*");

    private static final String HIDDEN = "•••";

    /** Between what people put into names. */
    private static final String WORD = "[\\p{L}\\p{N}_-]";

    /** For what holds no names; secrets it hides all the same. */
    static final Mask NOTHING = new Mask(Map.of());

    private final Map<String, String> standIns;
    private final List<Pattern> names = new ArrayList<>();

    /** @param standIns by the name that each stands for; the empty name is left out */
    Mask(Map<String, String> standIns) {
        this.standIns = new LinkedHashMap<>(standIns);
        this.standIns.remove("");
        // One pass: a stand-in must not be taken for a name. The longest first, of names that begin alike.
        String any = this.standIns.keySet().stream()
                .sorted(Comparator.comparingInt(String::length).reversed())
                .map(Pattern::quote)
                .reduce((one, other) -> one + "|" + other)
                .orElse("");
        if (!any.isEmpty()) {
            names.add(Pattern.compile("(?<!" + WORD + ")(?:" + any + ")(?!" + WORD + ")"));
        }
    }

    String of(String text) {
        String masked = SECRET.matcher(text).replaceAll(each -> Matcher.quoteReplacement(announced(each) + HIDDEN));
        for (Pattern name : names) {
            masked = name.matcher(masked)
                    .replaceAll(each -> Matcher.quoteReplacement(standIns.getOrDefault(each.group(), HIDDEN)));
        }
        return masked;
    }

    /** The word that announced it, as it was. */
    private static String announced(java.util.regex.MatchResult found) {
        for (int group = 1; group <= found.groupCount(); group++) {
            if (found.group(group) != null) {
                return found.group(group) + (group == 2 ? " " : "");
            }
        }
        return "";
    }
}
