package dev.nightshift.access.openid;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** Why a login came to nothing, in words for who tried it. What exactly the provider said is in the log alone. */
enum LoginProblem {
    UNAVAILABLE(
            "The login cannot be completed now.",
            "Try again in a minute. If it stays so, who runs Nightshift finds the reason in the server's log."),
    UNKNOWN(
            "This login was not begun in this browser, or more than 10 minutes ago.",
            "Begin again here, under the address that the provider leads back to."),
    DENIED("The login provider did not let you in.", "Try again, or ask who runs it whether you may use Nightshift."),
    INVALID(
            "What the login provider answered is not valid.",
            "Try again. If it stays so, who runs Nightshift finds the reason in the server's log."),
    NAME(
            "The login provider tells a name for you that cannot be one here: a lower-case letter, then letters, digits,"
                    + " dots, hyphens and underscores, at most 63 in all.",
            "Who runs Nightshift can have another claim give the name: NIGHTSHIFT_OIDC_NAME_CLAIM."),
    TAKEN(
            "Your name already belongs to a person here who does not come from the login provider.",
            "If that is you, an admin of the installation can link the two; the audit log has the subject that it takes."),
    DISABLED("Your login is disabled here.", "Ask an admin of the installation."),
    LIMIT("Too many failed logins from your network address.", "Try again in 15 minutes.");

    private final String detail;
    private final String remedy;

    LoginProblem(String detail, String remedy) {
        this.detail = detail;
        this.remedy = remedy;
    }

    String detail() {
        return detail;
    }

    String remedy() {
        return remedy;
    }

    /** As it stands in an address. */
    String code() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<LoginProblem> of(@Nullable String code) {
        return Arrays.stream(values()).filter(each -> each.code().equals(code)).findFirst();
    }
}
