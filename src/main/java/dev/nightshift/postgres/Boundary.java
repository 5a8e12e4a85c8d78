package dev.nightshift.postgres;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.kernel.Roots;
import java.nio.file.Path;

/**
 * What the installation allows every connection to a target, whatever people entered.
 *
 * @param forbidden where none goes
 * @param files where the passwords, certificates and keys lie that one may use
 */
public record Boundary(ForbiddenAddresses forbidden, Roots files) {
    /** The usual addresses are forbidden, and files may lie anywhere. */
    public static final Boundary STANDARD = new Boundary(ForbiddenAddresses.STANDARD, Roots.ANYWHERE);

    /**
     * The file, if its links lead nowhere else either. Looked at before each use: roots and links change.
     *
     * @param what it is, within a sentence: {@code "password file"}
     * @throws Failure.Skippable if it may not be used
     */
    public Path allowed(String what, Path file) {
        if (!files.holds(file)) {
            throw new Failure.Skippable(
                    "The " + what + " " + file + " does not lie below " + files.joined("or") + ".",
                    "Move it there and change the instance, or have NIGHTSHIFT_CREDENTIAL_ROOTS name its folder.",
                    null);
        }
        return file;
    }
}
