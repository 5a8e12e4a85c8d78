package dev.nightshift.access.openid;

import com.nimbusds.oauth2.sdk.id.State;
import com.nimbusds.oauth2.sdk.pkce.CodeVerifier;
import com.nimbusds.openid.connect.sdk.Nonce;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.security.NoSuchAlgorithmException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.util.Base64;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A login under way, kept in the browser alone: whoever begins logins by the thousand fills no table. State, nonce and the
 * code verifier are hashes of the cookie's whole value, so that none of it can be changed, and none tells another.
 */
record Attempt(String value) {
    /** Enough for a second factor; the page that comes later says so. */
    static final Duration LONGEST = Duration.ofMinutes(10);

    /** Random, seconds of its beginning, where to go afterwards. */
    private static final Pattern VALUE = Pattern.compile("[\\w-]{43}\\.(\\d{1,11})\\.([\\w-]*)");

    /** A path of this site, and nothing that a browser reads as another's. */
    private static final Pattern OWN_PATH = Pattern.compile("/(?![/\\\\])[!-~&&[^\\\\]]{0,500}");

    private static final SecureRandom RANDOM = new SecureRandom();

    /** @param from the path to go to afterwards; anything else leads to the start */
    static Attempt begin(@Nullable String from, Instant now) {
        byte[] random = new byte[32];
        RANDOM.nextBytes(random);
        return new Attempt(base64(random) + "." + now.getEpochSecond() + "."
                + base64(ownPath(from).getBytes(StandardCharsets.US_ASCII)));
    }

    /** What the cookie holds; empty if there is none, or it is too old. */
    static Optional<Attempt> of(@Nullable String cookie, Instant now) {
        if (cookie == null) {
            return Optional.empty();
        }
        Matcher value = VALUE.matcher(cookie);
        if (!value.matches()) {
            return Optional.empty();
        }
        Instant began = Instant.ofEpochSecond(Long.parseLong(value.group(1)));
        return now.isAfter(began.plus(LONGEST)) ? Optional.empty() : Optional.of(new Attempt(cookie));
    }

    static String ownPath(@Nullable String from) {
        return from != null && OWN_PATH.matcher(from).matches() && !from.startsWith("/api/") ? from : "/";
    }

    State state() {
        return new State(derived("state"));
    }

    Nonce nonce() {
        return new Nonce(derived("nonce"));
    }

    CodeVerifier verifier() {
        return new CodeVerifier(derived("verifier"));
    }

    /** Whether a state that came back is that of this login; takes equally long for every wrong one. */
    boolean isOf(@Nullable String state) {
        return state != null
                && MessageDigest.isEqual(
                        state.getBytes(StandardCharsets.UTF_8),
                        state().getValue().getBytes(StandardCharsets.UTF_8));
    }

    String from() {
        try {
            String path = value.substring(value.lastIndexOf('.') + 1);
            return ownPath(new String(Base64.getUrlDecoder().decode(path), StandardCharsets.US_ASCII));
        } catch (IllegalArgumentException noBase64) {
            return "/";
        }
    }

    private String derived(String what) {
        try {
            return base64(MessageDigest.getInstance("SHA-256")
                    .digest((what + " " + value).getBytes(StandardCharsets.US_ASCII)));
        } catch (NoSuchAlgorithmException e) {
            throw new IllegalStateException("Every Java platform has SHA-256.", e);
        }
    }

    private static String base64(byte[] bytes) {
        return Base64.getUrlEncoder().withoutPadding().encodeToString(bytes);
    }

    /** Never the value. */
    @Override
    public String toString() {
        return "Attempt[…]";
    }
}
