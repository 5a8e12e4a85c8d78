package dev.nightshift.job;

import dev.nightshift.finding.Severity;
import java.util.List;

/**
 * What can be run. Its name is that of its JSL file in batch-jobs/.
 *
 * @param kindOfWork names the lock: two targets with the same kind never run on one instance or database at once
 * @param locksTarget true where the work also holds an advisory lock on the target itself, so that a node that was
 *     paused and wakes up, or another Nightshift, cannot double it
 * @param ifFailed how soon somebody should look at a target that failed
 * @param ifSkipped how soon at one that was left out
 * @param steps in the order of the work; the console's columns
 * @param parameters what callers and schedules give
 * @param own what Nightshift alone gives: in no form, and refused by the job where somebody else gives it
 */
public record JobDefinition(
        String name,
        String title,
        String description,
        Unit unit,
        String kindOfWork,
        boolean locksTarget,
        Severity ifFailed,
        Severity ifSkipped,
        List<String> steps,
        List<Parameter> parameters,
        List<Parameter> own) {
    public JobDefinition {
        steps = List.copyOf(steps);
        parameters = List.copyOf(parameters);
        own = List.copyOf(own);
    }

    /** One without parameters of Nightshift's own. */
    public JobDefinition(
            String name,
            String title,
            String description,
            Unit unit,
            String kindOfWork,
            boolean locksTarget,
            Severity ifFailed,
            Severity ifSkipped,
            List<String> steps,
            List<Parameter> parameters) {
        this(
                name,
                title,
                description,
                unit,
                kindOfWork,
                locksTarget,
                ifFailed,
                ifSkipped,
                steps,
                parameters,
                List.of());
    }
}
