package dev.nightshift.fleet;

import dev.nightshift.kernel.Failure;

/**
 * Which changes of an instance would have its login sent where its owner did not send it: to another host or port, for
 * another role, or past a weaker look at who answers. Whoever may change the address could otherwise have a password that
 * they never saw sent to a server of theirs.
 */
final class Exposure {
    private Exposure() {}

    /**
     * Lets pass what keeps a stored login to itself.
     *
     * @throws Failure.Invalid if the login must be given anew; it names the field
     */
    static void refuse(Instance before, Server after) {
        if (after.secret() != null || !exposes(before, after)) {
            return;
        }
        if (before.hasPassword()) {
            throw new Failure.Invalid("password", anew("the password", "The stored one"));
        }
        if (before.passwordFile() != null) {
            throw new Failure.Invalid("passwordFile", anew("the password file", "The password in it"));
        }
        if (before.passwordVariable() != null) {
            throw new Failure.Invalid("passwordVariable", anew("the variable", "The password in it"));
        }
    }

    private static String anew(String what, String secret) {
        return "Give " + what + " again. " + secret
                + " is not sent to another host or port, for another user, or with less of a check who answers.";
    }

    /** Whether the change would use something of Nightshift's machine elsewhere than whoever runs it has said. */
    static boolean ofReference(Instance before, Server after) {
        boolean kept = after.secret() == null && (before.passwordFile() != null || before.passwordVariable() != null);
        return (kept || after.clientCertificate() != null) && exposes(before, after);
    }

    private static boolean exposes(Instance before, Server after) {
        return !before.addresses().containsAll(after.addresses())
                || !before.user().equals(after.user())
                || after.tls().compareTo(before.tls()) < 0
                // Instead of the one authority, all that the JDK knows
                || (after.tls().verifies() && before.rootCertificate() != null && after.rootCertificate() == null);
    }
}
