package dev.nightshift.finding;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Page;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.json.JsonObject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.MediaType;
import java.time.Instant;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** What Nightshift has to report about a project's databases. */
@RequestScoped
@Path("/projects/{project}/findings")
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Findings")
public class FindingResource {
    /** Whether the trouble lasts. */
    public enum State {
        OPEN,
        CLOSED
    }

    /** A finding as it is shown. */
    @Schema(name = "Finding")
    public record View(
            UUID id,
            Severity severity,

            @Schema(examples = "\"The backup of shop does not restore\"")
            String title,

            String detail,
            @Nullable String remedy,
            SubjectView subject,
            State state,
            Instant firstSeen,
            Instant lastSeen,
            int count,

            @Schema(type = SchemaType.OBJECT) JsonObject evidence,

            @Nullable UUID run) {
        static View of(Finding finding) {
            FindingReport report = finding.report();
            return new View(
                    finding.id(),
                    report.severity(),
                    report.title(),
                    report.detail(),
                    report.remedy(),
                    new SubjectView(
                            report.subject().kind(),
                            report.subject().name(),
                            report.subject().id()),
                    finding.open() ? State.OPEN : State.CLOSED,
                    finding.firstSeen(),
                    finding.lastSeen(),
                    finding.seen(),
                    report.evidence(),
                    report.run());
        }
    }

    /** What it is about. */
    @Schema(name = "FindingSubject")
    public record SubjectView(Subject.Kind kind, String name, UUID id) {}

    @Inject
    private CurrentProject project;

    @Inject
    private Findings findings;

    /** The newest first. */
    @GET
    @Operation(operationId = "findings", summary = "List a project's findings, the newest first")
    @APIResponse(responseCode = "400", description = "A filter is not one that is possible; the problem names it")
    public Page<View> list(
            @Schema(enumeration = {"OPEN", "CLOSED"}) @QueryParam("state") @Nullable String state,
            @Schema(enumeration = {"INFO", "WARNING", "CRITICAL"}) @QueryParam("severity") @Nullable String severity,
            @QueryParam("limit") @Nullable String limit,
            @QueryParam("after") @Nullable String after) {
        State asked = Asked.word("state", state, State.class);
        return findings.list(
                        project.id(),
                        asked == null ? null : asked == State.OPEN,
                        Asked.word("severity", severity, Severity.class),
                        Page.after(after),
                        Page.size(limit))
                .map(View::of);
    }
}
