package dev.nightshift.backup.stored;

import java.io.IOException;

/** Stored bytes are not what was stored; the message ends a sentence that begins with the object's name. */
public final class DamageException extends IOException {
    private static final long serialVersionUID = 1L;

    public DamageException(String message) {
        super(message);
    }

    public DamageException(String message, Throwable cause) {
        super(message, cause);
    }
}
