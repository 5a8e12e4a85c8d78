package dev.nightshift.audit;

import dev.nightshift.access.Admission;
import dev.nightshift.access.Admissions;
import dev.nightshift.access.Caller;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Csv;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.ws.rs.BeanParam;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.OutputStreamWriter;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Instant;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import java.util.function.Function;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.parameters.Parameter;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** The audit log: of everything for installation admins, of their own projects for the projects' admins. */
@Path("audit")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Audit")
public class AuditResource {
    private static final int MOST_EXPORTED = 1_000_000;

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

    /** What is looked for, as the two operations are asked for it. */
    public static class Asking {
        @QueryParam("project")
        @Nullable
        String project;

        @QueryParam("who")
        @Nullable
        String who;

        @QueryParam("object")
        @Nullable
        String object;

        @QueryParam("action")
        @Parameter(description = "How the action begins: \"run\" for all of runs, \"run.start\" for starts alone")
        @Nullable
        String action;

        @QueryParam("since")
        @Nullable
        String since;

        @QueryParam("until")
        @Nullable
        String until;

        private Entries.Filter filter(@Nullable UUID before, int most) {
            return new Entries.Filter(
                    before,
                    blankAsNull(who),
                    blankAsNull(object),
                    blankAsNull(action),
                    Asked.time("since", since),
                    Asked.time("until", until),
                    most);
        }
    }

    @GET
    @Operation(summary = "Who did what and when, newest first")
    public Page<EntryView> list(
            @BeanParam Asking asking,
            @QueryParam("limit") @Nullable String limit,
            @QueryParam("after") @Nullable String after) {
        int size = Page.size(limit);
        List<Entries.Entry> found = source(asking).apply(asking.filter(Page.after(after), size + 1));
        return Page.of(found, size, entry -> entry.id().toString()).map(AuditResource::view);
    }

    /** All that fits, for whoever must keep or examine it elsewhere; read in pages, so that its size does not matter. */
    @GET
    @Path("export")
    @Produces("text/csv")
    @Operation(
            summary = "The same as a table, whole",
            description = "Comma-separated values with a heading, newest first, at most 1,000,000 lines; times in UTC.")
    @APIResponse(responseCode = "200", description = "The table", content = @Content(mediaType = "text/csv"))
    public Response export(@BeanParam Asking asking) {
        Function<Entries.Filter, List<Entries.Entry>> source = source(asking);
        Entries.Filter first = asking.filter(null, Page.MAX);
        List<Entries.Entry> page = source.apply(first);
        StreamingOutput table = out -> {
            var text = new OutputStreamWriter(out, StandardCharsets.UTF_8);
            text.write(Csv.line(List.of("at", "who", "kind", "from", "project", "action", "object", "details")));
            List<Entries.Entry> entries = page;
            for (int lines = 0; lines < MOST_EXPORTED && !entries.isEmpty(); lines += Page.MAX) {
                for (Entries.Entry entry : entries) {
                    text.write(Csv.line(Arrays.asList(
                            entry.at(),
                            entry.who(),
                            entry.kind(),
                            entry.address(),
                            entry.project(),
                            entry.action(),
                            entry.object(),
                            entry.details())));
                }
                entries = entries.size() < Page.MAX
                        ? List.of()
                        : source.apply(
                                first.before(entries.get(entries.size() - 1).id()));
            }
            text.flush();
        };
        String project = blankAsNull(asking.project);
        String file = "audit-" + (project == null ? "all" : project) + ".csv";
        return Response.ok(table)
                .header(HttpHeaders.CONTENT_DISPOSITION, "attachment; filename=\"" + file + "\"")
                .build();
    }

    /** Reads pages of what the caller may see; looks once whether they may. */
    private Function<Entries.Filter, List<Entries.Entry>> source(Asking asking) {
        String project = blankAsNull(asking.project);
        if (project == null) {
            if (!caller.installationAdmin()) {
                throw new Failure.Invalid("project", "Name the project: only installation admins see all of the log.");
            }
            return entries::all;
        }
        ProjectId id = administered(project).id();
        return filter -> entries.of(id, filter);
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
