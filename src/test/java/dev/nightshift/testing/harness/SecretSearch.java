package dev.nightshift.testing.harness;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Base64;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * Looks for planted secrets in whatever was written, as they are and in the forms that programs write texts in: base64 of
 * something that contains them, percent-encoded, escaped in JSON or HTML, in hexadecimal digits.
 */
public final class SecretSearch {
    /** Shorter ones would be found by chance. */
    private static final int SHORTEST = 12;

    private static final Pattern PERCENT = Pattern.compile("%([0-9A-Fa-f]{2})");
    private static final Pattern JSON = Pattern.compile("\\\\(?:u([0-9A-Fa-f]{4})|([\"\\\\/]))");
    private static final Pattern HTML = Pattern.compile("&(?:#(\\d{1,3})|(amp|lt|gt|quot|apos));");
    private static final Map<String, String> ENTITIES =
            Map.of("amp", "&", "lt", "<", "gt", ">", "quot", "\"", "apos", "'");

    private final Map<String, String> plain = new LinkedHashMap<>();
    private final Map<String, Set<String>> base64 = new LinkedHashMap<>();
    private final Map<String, String> hex = new LinkedHashMap<>();
    private final Set<String> found = new TreeSet<>();

    /** @param secrets by what a finding calls them */
    public SecretSearch(Map<String, String> secrets) {
        secrets.forEach((name, secret) -> {
            if (secret.length() < SHORTEST) {
                throw new IllegalArgumentException(name + " is too short to be looked for.");
            }
            byte[] bytes = secret.getBytes(StandardCharsets.UTF_8);
            plain.put(name, new String(bytes, StandardCharsets.ISO_8859_1));
            hex.put(name, HexFormat.of().formatHex(bytes));
            base64.put(name, base64(bytes));
        });
    }

    /** What of its base64 depends on it alone, with 0, 1 and 2 bytes before it, in both alphabets; padding does not. */
    private static Set<String> base64(byte[] secret) {
        Set<String> forms = new LinkedHashSet<>();
        for (int before = 0; before < 3; before++) {
            byte[] shifted = new byte[before + secret.length];
            System.arraycopy(secret, 0, shifted, before, secret.length);
            String text = Base64.getEncoder().withoutPadding().encodeToString(shifted);
            int first = (before * 8 + 5) / 6;
            int last = shifted.length * 8 / 6;
            String own = text.substring(first, last);
            forms.add(own);
            forms.add(own.replace('+', '-').replace('/', '_'));
        }
        return forms;
    }

    /** Looks in a text. */
    public void in(String place, String text) {
        in(place, text.getBytes(StandardCharsets.UTF_8));
    }

    /** Looks in a file's bytes. */
    public void in(String place, byte[] bytes) {
        String text = new String(bytes, StandardCharsets.ISO_8859_1);
        contains(place, "", text, plain);
        contains(place, " with percent signs", percent(text), plain);
        contains(place, " with percent signs and plus for blanks", percent(text.replace('+', ' ')), plain);
        contains(place, " as JSON", json(text), plain);
        contains(place, " as HTML", html(text), plain);
        contains(place, " as hex", text.toLowerCase(Locale.ROOT), hex);
        String unbroken = text.replaceAll("(?:\\\\r|\\\\n|[\\r\\n])+", "");
        base64.forEach((name, forms) -> {
            if (forms.stream().anyMatch(form -> text.contains(form) || unbroken.contains(form))) {
                found.add(name + " as base64 in " + place);
            }
        });
    }

    private void contains(String place, String how, String text, Map<String, String> wanted) {
        wanted.forEach((name, secret) -> {
            if (text.contains(secret) && !found.contains(name + " in " + place)) {
                found.add(name + how + " in " + place);
            }
        });
    }

    private static String percent(String text) {
        return PERCENT.matcher(text)
                .replaceAll(each -> Matcher.quoteReplacement(character(Integer.parseInt(each.group(1), 16))));
    }

    /** Characters beyond ASCII are escaped as UTF-16, and looked for in UTF-8. */
    private static String json(String text) {
        return JSON.matcher(text).replaceAll(each -> {
            String code = each.group(1);
            String character = code == null ? each.group(2) : character(Integer.parseInt(code, 16));
            return Matcher.quoteReplacement(
                    new String(character.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
        });
    }

    private static String html(String text) {
        return HTML.matcher(text).replaceAll(each -> {
            String code = each.group(1);
            String character =
                    code == null ? ENTITIES.getOrDefault(each.group(2), "") : character(Integer.parseInt(code));
            return Matcher.quoteReplacement(
                    new String(character.getBytes(StandardCharsets.UTF_8), StandardCharsets.ISO_8859_1));
        });
    }

    private static String character(int code) {
        return String.valueOf((char) code);
    }

    /** What was found so far, each finding once: which secret, in what form, where. */
    public List<String> found() {
        return new ArrayList<>(found);
    }
}
