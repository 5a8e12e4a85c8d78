package dev.nightshift.fleet;

import dev.nightshift.access.Caller;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.kernel.Roots;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.Optional;
import java.util.function.Function;

/** What resources do alike with the fleet's objects. */
public final class Requests {
    private Requests() {}

    static Response created(UriInfo uri, Name name, Object body) {
        return Response.created(uri.getAbsolutePathBuilder().path(name.value()).build())
                .entity(body)
                .build();
    }

    /** The object that a path names; what is no name names nothing. */
    public static <T> T found(String kind, String name, Function<Name, Optional<T>> search) {
        Name valid;
        try {
            valid = new Name(name);
        } catch (Failure.Invalid e) {
            throw new Failure.NotFound("There is no " + kind + " \"" + name + "\".");
        }
        return search.apply(valid)
                .orElseThrow(() -> new Failure.NotFound("There is no " + kind + " \"" + name + "\"."));
    }

    /** Files and variables are of Nightshift's machine: no project's admin has them used, or sent to a server of theirs. */
    static Server server(ServerFields fields, Caller caller, Roots roots) {
        refuseReference(fields, caller);
        return fields.server(roots);
    }

    /** The same for a change. */
    static Server server(ServerFields fields, Instance before, Caller caller, Roots roots) {
        ServerFields others = fields.without(before);
        if (caller.installationAdmin()) {
            return others.server(before, roots);
        }
        refuseReference(others, caller);
        Server after = others.server(before, roots);
        if (Exposure.ofReference(before, after)) {
            throw new ForbiddenException(
                    "This instance logs in with a file or variable of Nightshift's machine: only an"
                            + " installation admin may change its host, port, members or user, or weaken its TLS.");
        }
        return after;
    }

    private static void refuseReference(ServerFields fields, Caller caller) {
        String reference = fields.reference();
        if (reference != null && !caller.installationAdmin()) {
            throw new ForbiddenException("Only an installation admin may set the field " + reference
                    + ": it names something on Nightshift's machine.");
        }
    }

    /** The registered instance that a request's field names. */
    static Instance instance(Fleet fleet, ProjectId project, String name) {
        return fleet.instanceNamed(project, Checks.name("instance", name))
                .orElseThrow(() -> new Failure.Invalid("instance", "There is no instance \"" + name + "\"."));
    }
}
