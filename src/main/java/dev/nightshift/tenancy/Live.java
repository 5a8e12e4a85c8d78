package dev.nightshift.tenancy;

import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.UUID;

/**
 * Tells the open pages of a project that something changed. The word leaves with the commit of the running transaction,
 * and names ids only: the page then asks for what its reader may see.
 */
@ApplicationScoped
public class Live {
    /** The channel of LISTEN and NOTIFY. */
    public static final String CHANNEL = "nightshift_live";

    @Inject
    private Transactions transactions;

    /**
     * Tells that something changed, when the transaction commits.
     *
     * @param kind run, target, log, backup, finding, schedule or instance; a backup with the project's id where its keys changed
     */
    public void changed(ProjectId project, String kind, UUID id) {
        transactions.run(project, connection -> {
            try (var notify = connection.prepareStatement("""
                    select pg_notify(?, jsonb_build_object('project', ?::text, 'kind', ?::text, 'id', ?::text)::text)
                    """)) {
                notify.setString(1, CHANNEL);
                notify.setString(2, project.toString());
                notify.setString(3, kind);
                notify.setString(4, id.toString());
                notify.execute();
            }
        });
    }
}
