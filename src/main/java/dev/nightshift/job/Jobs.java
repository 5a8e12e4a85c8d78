package dev.nightshift.job;

import dev.nightshift.kernel.Failure;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import java.util.Comparator;
import java.util.List;
import java.util.Optional;
import java.util.stream.Collectors;

/** Every job that the features bring. */
@ApplicationScoped
public class Jobs {
    @Inject
    @Any
    private Instance<Job> jobs;

    /**
     * The job of that name.
     *
     * @throws Failure.Invalid for the field {@code job} if there is none
     */
    public Job named(String name) {
        return find(name)
                .orElseThrow(() -> new Failure.Invalid(
                        "job",
                        "There is no job of this name; there are "
                                + all().stream().map(JobDefinition::name).collect(Collectors.joining(", ")) + "."));
    }

    /** Empty where this version has no such job; a run may be of another one's. */
    Optional<Job> find(String name) {
        return jobs.stream().filter(job -> job.definition().name().equals(name)).findFirst();
    }

    public List<JobDefinition> all() {
        return jobs.stream()
                .map(Job::definition)
                .sorted(Comparator.comparing(JobDefinition::name))
                .toList();
    }
}
