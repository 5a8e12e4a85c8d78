package dev.nightshift.fleet;

import dev.nightshift.access.Caller;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.UriInfo;
import java.util.Optional;
import java.util.function.Function;

/** What the fleet's resources do alike. */
final class Requests {
    private Requests() {}

    static Response created(UriInfo uri, Name name, Object body) {
        return Response.created(uri.getAbsolutePathBuilder().path(name.value()).build())
                .entity(body)
                .build();
    }

    /** The object that a path names; what is no name names nothing. */
    static <T> T found(String kind, String name, Function<Name, Optional<T>> search) {
        Name valid;
        try {
            valid = new Name(name);
        } catch (Failure.Invalid e) {
            throw new Failure.NotFound("There is no " + kind + " \"" + name + "\".");
        }
        return search.apply(valid)
                .orElseThrow(() -> new Failure.NotFound("There is no " + kind + " \"" + name + "\"."));
    }

    /** A password file is a file on Nightshift's machine: no project's admin has it sent to a server of theirs. */
    static ServerFields allowed(ServerFields fields, Caller caller) {
        if (fields.readsPasswordFile() && !caller.installationAdmin()) {
            throw new ForbiddenException("Only an installation admin may set a password file.");
        }
        return fields;
    }

    /** The registered instance that a request's field names. */
    static Instance instance(Fleet fleet, ProjectId project, String name) {
        return fleet.instanceNamed(project, Checks.name("instance", name))
                .orElseThrow(() -> new Failure.Invalid("instance", "There is no instance \"" + name + "\"."));
    }
}
