package dev.nightshift.audit;

import dev.nightshift.access.Admission;
import dev.nightshift.access.Admissions;
import dev.nightshift.access.Caller;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.io.StringReader;
import java.time.Instant;
import java.util.List;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The audit log: of everything for installation admins, of their own projects for the projects' admins. */
@Path("audit")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Audit")
public class AuditResource {
    @Inject
    private Entries entries;

    @Inject
    private Admissions admissions;

    @Inject
    private Caller caller;

    /**
     * One thing that was done.
     *
     * @param from the network address; null where Nightshift itself did it
     */
    public record EntryView(
            UUID id,
            Instant at,
            String who,
            String kind,
            @Nullable String from,
            @Nullable String project,
            String action,
            String object,
            JsonObject details) {}

    @GET
    @Operation(summary = "Who did what and when, newest first")
    public Page<EntryView> list(
            @QueryParam("project") @Nullable String project,
            @QueryParam("who") @Nullable String who,
            @QueryParam("object") @Nullable String object,
            @QueryParam("limit") @Nullable String limit,
            @QueryParam("after") @Nullable String after) {
        int size = Page.size(limit);
        Entries.Filter filter = new Entries.Filter(Page.after(after), blankAsNull(who), blankAsNull(object), size + 1);
        List<Entries.Entry> found;
        if (blankAsNull(project) == null) {
            if (!caller.installationAdmin()) {
                throw new Failure.Invalid("project", "Name the project: only installation admins see all of the log.");
            }
            found = entries.all(filter);
        } else {
            found = entries.of(administered(project).id(), filter);
        }
        return Page.of(found, size, entry -> entry.id().toString()).map(AuditResource::view);
    }

    private Admission administered(@Nullable String project) {
        Admission admission = admissions
                .to(caller.identity().orElseThrow(), String.valueOf(project))
                .orElseThrow(() -> new Failure.NotFound("There is no project \"" + project + "\" that you may see."));
        if (!admission.role().covers(Role.ADMIN)) {
            throw new ForbiddenException("This needs the role admin in project \"" + project + "\".");
        }
        return admission;
    }

    private static EntryView view(Entries.Entry entry) {
        try (var json = Json.createReader(new StringReader(entry.details()))) {
            return new EntryView(
                    entry.id(),
                    entry.at(),
                    entry.who(),
                    entry.kind(),
                    entry.address(),
                    entry.project(),
                    entry.action(),
                    entry.object(),
                    json.readObject());
        }
    }

    private static @Nullable String blankAsNull(@Nullable String text) {
        return text == null || text.isBlank() ? null : text;
    }
}
