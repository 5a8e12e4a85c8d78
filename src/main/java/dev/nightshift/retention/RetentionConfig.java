package dev.nightshift.retention;

import dev.nightshift.kernel.TypedSettings;

/**
 * How long the installation itself keeps what is over.
 *
 * @param auditDays {@code nightshift.audit.days}: entries that belong to no project; 730, at least 90
 */
public record RetentionConfig(int auditDays) {
    /**
     * Reads the settings; what is not set has its default.
     *
     * @throws IllegalArgumentException if a value cannot be used; the message names the setting
     */
    public static RetentionConfig of(TypedSettings settings) {
        return new RetentionConfig(settings.count("nightshift.audit.days", 730, Retention.LEAST_AUDIT, Retention.MOST));
    }
}
