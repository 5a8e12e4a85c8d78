package dev.nightshift.kernel;

import java.io.IOException;

/** A connection that was not made, because the installation forbids where it would have gone. */
public final class ForbiddenAddress extends IOException {
    private static final long serialVersionUID = 1L;

    /** What a person can do about it. */
    public static final String REMEDY = "Give another host. Whoever runs Nightshift decides with"
            + " NIGHTSHIFT_FORBIDDEN_ADDRESSES which addresses it never connects to.";

    /** Says nothing of the address that a name has: who entered the name need not know it. */
    public ForbiddenAddress(String host) {
        super("this installation forbids connections to " + host + " or to the address that it stands for");
    }
}
