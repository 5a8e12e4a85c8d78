package dev.nightshift.backup;

import dev.nightshift.job.Parameter;
import dev.nightshift.job.Parameters;

/** The parameter of jobs by which what they read is held back: in kilobytes of 1,024 bytes a second. */
final class RateParameter {
    static final String NAME = "rateLimitKilobytesPerSecond";

    /** What the replication protocol's MAX_RATE takes. */
    private static final long LEAST = 32;

    private static final long MOST = 1_048_576;

    private RateParameter() {}

    static Parameter of(String help) {
        return Parameter.integer(NAME, "Rate limit", help, null, LEAST, MOST);
    }

    /** 0 for no limit. */
    static int kilobytes(Parameters parameters) {
        return Math.toIntExact(parameters.longOr(NAME, 0));
    }
}
