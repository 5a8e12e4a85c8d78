package dev.nightshift.job;

import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.util.List;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** What can be run, with the parameters that each job takes. */
@Path("jobs")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Runs")
public class JobResource {
    @Inject
    private Jobs jobs;

    /** A job as a caller needs it to start one. */
    @Schema(name = "Job")
    public record JobView(
            String name, String title, String description, Unit unit, List<String> steps, List<Parameter> parameters) {}

    @GET
    @Operation(summary = "The jobs and their parameters")
    public List<JobView> list() {
        return jobs.all().stream()
                .map(job -> new JobView(
                        job.name(), job.title(), job.description(), job.unit(), job.steps(), job.parameters()))
                .toList();
    }
}
