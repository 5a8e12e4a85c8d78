package dev.nightshift.backup;

import java.io.IOException;

/** Stored bytes are not what was stored; the message ends a sentence that begins with the object's name. */
final class DamageException extends IOException {
    private static final long serialVersionUID = 1L;

    DamageException(String message) {
        super(message);
    }

    DamageException(String message, Throwable cause) {
        super(message, cause);
    }
}
