package dev.nightshift.benchmark;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.ToDoubleFunction;
import java.util.stream.DoubleStream;
import java.util.stream.IntStream;

/**
 * One contender's backups, or its restores, a round each.
 *
 * @param runs grows while the benchmark runs
 */
record Series(String title, List<Measured> runs) {
    static Series of(Contender contender) {
        return new Series(contender.title(), new ArrayList<>());
    }

    double median(ToDoubleFunction<Measured> figure) {
        return median(runs.stream().mapToDouble(figure));
    }

    /** Median of what each run cost compared with the other's run of the same round: what hit both cancels out. */
    double medianRatio(Series other, ToDoubleFunction<Measured> figure) {
        return median(IntStream.range(0, runs.size())
                .mapToDouble(round -> figure.applyAsDouble(runs.get(round))
                        / figure.applyAsDouble(other.runs().get(round))));
    }

    static double median(DoubleStream values) {
        double[] sorted = values.toArray();
        Arrays.sort(sorted);
        int middle = sorted.length / 2;
        return sorted.length % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
    }
}
