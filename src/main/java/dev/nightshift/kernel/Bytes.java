package dev.nightshift.kernel;

import java.util.Locale;

/** A size in bytes; decimal units as disks and invoices count them. */
public record Bytes(long value) {
    private static final String[] UNITS = {"B", "kB", "MB", "GB", "TB", "PB"};

    /** For people: {@code 532 B}, {@code 7.2 MB}, {@code 3.3 GB}. */
    @Override
    public String toString() {
        double amount = value;
        int unit = 0;
        while (Math.abs(amount) >= 999.95 && unit < UNITS.length - 1) {
            amount /= 1000;
            unit++;
        }
        return unit == 0 ? value + " B" : String.format(Locale.ROOT, "%.1f %s", amount, UNITS[unit]);
    }
}
