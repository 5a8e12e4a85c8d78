package dev.nightshift.runtime;

import java.util.Arrays;
import java.util.Locale;
import java.util.Optional;

/** NIGHTSHIFT_HTTP: what plain HTTP is for, beside health. */
enum PlainHttp {
    /** The API for scripts on this machine; everything else hears that it needs HTTPS. */
    LOCAL,
    /** Everything is sent to HTTPS. */
    REDIRECT,
    /** The port is closed. */
    OFF;

    String text() {
        return name().toLowerCase(Locale.ROOT);
    }

    static Optional<PlainHttp> of(String text) {
        return Arrays.stream(values())
                .filter(each -> each.text().equals(text.strip().toLowerCase(Locale.ROOT)))
                .findFirst();
    }
}
