package dev.nightshift.console;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;

/** The start page's figures in one answer. */
@Path("projects/{project}/overview")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Overview")
public class OverviewResource {
    @Inject
    private Transactions transactions;

    @Inject
    private OverviewRepository overview;

    @Inject
    private CurrentProject project;

    @GET
    @Operation(summary = "Proven, last night, waiting, findings, and the night's timeline")
    public Overview get() {
        return transactions.in(project.id(), overview::read);
    }
}
