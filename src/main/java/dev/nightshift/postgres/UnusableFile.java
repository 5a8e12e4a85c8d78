package dev.nightshift.postgres;

import java.nio.file.Path;
import java.security.GeneralSecurityException;

/** A certificate or key of ours that cannot be used, and what to do about it. */
final class UnusableFile extends GeneralSecurityException {
    private static final long serialVersionUID = 1L;

    private final String remedy;

    UnusableFile(String what, Path file, String why, String remedy) {
        super(what + " " + file + " " + why);
        this.remedy = remedy;
    }

    String remedy() {
        return remedy;
    }
}
