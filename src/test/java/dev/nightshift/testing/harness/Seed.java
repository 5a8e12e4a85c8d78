package dev.nightshift.testing.harness;

import java.util.Random;

/** Chance that can be repeated: the seed is printed, and {@code -Dnightshift.seed=…} gives the same one again. */
public final class Seed {
    private static final String PROPERTY = "nightshift.seed";

    private Seed() {}

    /** A source of numbers for this purpose, whose seed stands in the test's output. */
    public static Random of(String purpose) {
        Long given = Long.getLong(PROPERTY);
        long seed = given == null ? new Random().nextInt(1_000_000_000) : given;
        System.out.println(purpose + ": seed " + seed + ", repeat with -D" + PROPERTY + "=" + seed);
        return new Random(seed);
    }
}
