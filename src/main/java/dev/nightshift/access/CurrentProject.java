package dev.nightshift.access;

import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.RequestScoped;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/** The project in the running request's path, and the caller's role in it; set before the resource is called. */
@RequestScoped
public class CurrentProject {
    private @Nullable Admission admission;

    void is(Admission admitted) {
        admission = admitted;
    }

    public ProjectId id() {
        return required().id();
    }

    public Name name() {
        return new Name(required().name());
    }

    /** What the caller may do in it. */
    public Role role() {
        return required().role();
    }

    /** Empty where the path names no project. */
    public Optional<Admission> admission() {
        return Optional.ofNullable(admission);
    }

    private Admission required() {
        if (admission == null) {
            throw new IllegalStateException("The request's path names no {project}.");
        }
        return admission;
    }
}
