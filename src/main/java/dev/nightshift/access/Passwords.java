package dev.nightshift.access;

import dev.nightshift.kernel.Failure;
import jakarta.annotation.PostConstruct;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.security.enterprise.identitystore.Pbkdf2PasswordHash;
import java.lang.System.Logger.Level;
import java.util.Map;
import java.util.Optional;
import org.eclipse.microprofile.config.ConfigProvider;

/** People's passwords: the rule they follow, and the slow hash under which they are stored. */
@ApplicationScoped
class Passwords {
    /** NIST SP 800-63B asks for 8 at least and for no other rule; a fleet's keys deserve more. */
    static final int SHORTEST = 12;

    /** Longer ones would only make the hash's first step slow. */
    static final int LONGEST = 200;

    /** Of PBKDF2-HMAC-SHA512: OWASP's Password Storage Cheat Sheet, 2023. */
    private static final int ROUNDS = 210_000;

    private static final System.Logger LOG = System.getLogger(Passwords.class.getName());

    @Inject
    private Pbkdf2PasswordHash pbkdf2;

    private String nobodys = "";

    @PostConstruct
    void initialize() {
        int rounds = ConfigProvider.getConfig()
                .getOptionalValue("nightshift.password.rounds", Integer.class)
                .orElse(ROUNDS);
        if (rounds < ROUNDS) {
            LOG.log(Level.WARNING, "Passwords are hashed in {0} rounds, which only tests may do", rounds);
        }
        pbkdf2.initialize(Map.of(
                "Pbkdf2PasswordHash.Algorithm",
                "PBKDF2WithHmacSHA512",
                "Pbkdf2PasswordHash.Iterations",
                Integer.toString(rounds),
                "Pbkdf2PasswordHash.SaltSizeBytes",
                "32",
                "Pbkdf2PasswordHash.KeySizeBytes",
                "32"));
        nobodys = pbkdf2.generate(Secret.random("").value().toCharArray());
    }

    /** @throws Failure.Invalid if the password breaks the rule, naming the given field */
    static void check(String field, String password, String account) {
        int length = password.codePointCount(0, password.length());
        if (length < SHORTEST || length > LONGEST) {
            throw new Failure.Invalid(
                    field,
                    "A password has " + SHORTEST + " to " + LONGEST + " characters; this one has " + length + ".");
        }
        if (password.equalsIgnoreCase(account)
                || password.codePoints().distinct().count() < 5) {
            throw new Failure.Invalid(
                    field, "This password is too easy to guess: use five different characters or more, not the name.");
        }
    }

    String hash(String password) {
        return pbkdf2.generate(password.toCharArray());
    }

    /** Takes as long for an account that does not exist, so that the time tells nothing about which ones do. */
    boolean verify(String password, Optional<String> stored) {
        boolean right = pbkdf2.verify(password.toCharArray(), stored.orElse(nobodys));
        return right && stored.isPresent();
    }
}
