package dev.nightshift.google;

import java.time.Duration;
import java.time.Instant;

/**
 * One that Google gave.
 *
 * @param until when another one is asked for
 */
public record AccessToken(String token, Instant until) {
    /**
     * What is asked with it is answered by then; besides, the metadata server of a machine hands out the same one until it has about
     * 4 minutes left.
     */
    private static final Duration BEFORE_ITS_END = Duration.ofMinutes(3);

    /**
     * Serves until shortly before its end; one that is short for half of its life.
     *
     * @param life that it has from now on
     */
    public static AccessToken of(String token, Duration life, Instant now) {
        Duration rest = life.dividedBy(2);
        return new AccessToken(token, now.plus(life).minus(rest.compareTo(BEFORE_ITS_END) < 0 ? rest : BEFORE_ITS_END));
    }

    /** Whether it has a while to go. */
    public boolean serves(Instant now) {
        return now.isBefore(until);
    }

    /** Says until when it serves, not what it is. */
    @Override
    public String toString() {
        return "AccessToken[until " + until + "]";
    }
}
