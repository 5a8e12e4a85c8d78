package dev.nightshift.testing;

import dev.nightshift.fleet.NewProject;
import dev.nightshift.fleet.Registration;
import dev.nightshift.fleet.Secret;
import dev.nightshift.fleet.Server;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.TlsMode;
import java.time.ZoneId;
import java.util.Currency;
import java.util.List;
import java.util.UUID;

/** A project with an instance at an address where nothing answers, for tests inside the server that ask no target. */
public record UnreachableServer(ProjectId project, UUID instance) {
    /** Registers both under one name. */
    public static UnreachableServer register(Registration registration, String name) {
        ProjectId project = registration
                .project(new NewProject(new Name(name), "Of a test", ZoneId.of("UTC"), Currency.getInstance("EUR")))
                .id();
        return new UnreachableServer(
                project,
                registration.instance(project, new Name(name), server()).id());
    }

    /** Where it is said to be. */
    public static Server server() {
        return new Server(
                "127.0.0.1",
                1,
                List.of(),
                "nobody",
                new Secret.None(),
                TlsMode.DISABLE,
                null,
                null,
                "postgres",
                List.of(),
                Server.USUAL_PROOF_DAYS);
    }
}
