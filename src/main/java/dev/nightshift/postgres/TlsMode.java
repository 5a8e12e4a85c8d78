package dev.nightshift.postgres;

import java.util.Locale;

/** How far a connection insists on TLS: libpq's sslmode, with its meaning (the manual's section 34.19). */
public enum TlsMode {
    /** Never TLS. */
    DISABLE,
    /** Plain first, TLS where the server wants it. */
    ALLOW,
    /** TLS where the server has it; a listener in the middle can take it away. */
    PREFER,
    /** TLS or nothing; whose certificate it is stays unchecked. */
    REQUIRE,
    /** The certificate must come from the root certificate given. */
    VERIFY_CA,
    /** And it must name the host that was asked for. */
    VERIFY_FULL;

    /** Whether it looks at the server's certificate. */
    public boolean verifies() {
        return this == VERIFY_CA || this == VERIFY_FULL;
    }

    /** {@code verify-full}: as people, URLs and the driver write it. */
    public String text() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /**
     * The mode that is written like this.
     *
     * @throws IllegalArgumentException if none is
     */
    public static TlsMode of(String text) {
        for (TlsMode mode : values()) {
            if (mode.text().equals(text)) {
                return mode;
            }
        }
        throw new IllegalArgumentException(
                "\"" + text + "\" is not a TLS mode: use disable, allow, prefer, require, verify-ca or verify-full.");
    }
}
