package dev.nightshift.finding;

import dev.nightshift.fleet.Deletion;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.util.Collection;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.function.Predicate;
import org.jspecify.annotations.Nullable;

/**
 * The findings of all features. A change that others must hear (opened, raised, closed) leaves a row in the outbox and a
 * word for the open pages within the transaction of the change itself: a kill loses neither.
 */
@ApplicationScoped
public class Findings {
    @Inject
    private Transactions transactions;

    @Inject
    private FindingRepository repository;

    @Inject
    private Live live;

    @Inject
    private Clock clock;

    /**
     * Opens a finding, or notes that an open one with this fingerprint was seen again.
     *
     * @return its id
     */
    public UUID report(ProjectId project, FindingReport report) {
        return transactions.in(project, connection -> {
            repository.await(connection, project, report.fingerprint());
            Optional<Severity> before = repository.openSeverity(connection, project, report.fingerprint());
            UUID id = repository.upsert(connection, project, report, clock);
            if (before.isEmpty()) {
                repository.tell(connection, project, "finding.opened", id, report.severity(), clock.now());
            } else if (report.severity().compareTo(before.get()) > 0) {
                repository.tell(connection, project, "finding.raised", id, report.severity(), clock.now());
            }
            live.changed(project, "finding", id);
            return id;
        });
    }

    /**
     * The same of what is judged anew each time, and may be less bad than before: an open one that is graver is closed, and what is
     * left of it is a new one.
     *
     * @return its id
     */
    public UUID restate(ProjectId project, FindingReport report) {
        return transactions.in(project, connection -> {
            repository.await(connection, project, report.fingerprint());
            Optional<Severity> before = repository.openSeverity(connection, project, report.fingerprint());
            if (before.isPresent() && before.get().compareTo(report.severity()) > 0) {
                close(project, report.fingerprint());
            }
            return report(project, report);
        });
    }

    /** Closes the open finding with this fingerprint; none is no error, so that features may close on every success. */
    public void close(ProjectId project, String fingerprint) {
        transactions.run(project, connection -> {
            repository.await(connection, project, fingerprint);
            Optional<Severity> before = repository.openSeverity(connection, project, fingerprint);
            Optional<UUID> closed = repository.close(connection, project, fingerprint, clock.now());
            if (closed.isPresent() && before.isPresent()) {
                repository.tell(connection, project, "finding.closed", closed.get(), before.get(), clock.now());
                live.changed(project, "finding", closed.get());
            }
        });
    }

    /** True if one with this fingerprint is open; one that is being reported at this moment is not yet. */
    public boolean isOpen(ProjectId project, String fingerprint) {
        return transactions
                .in(project, connection -> repository.openSeverity(connection, project, fingerprint))
                .isPresent();
    }

    /** Closes the open findings about these subjects, of those whose fingerprint is accepted. */
    public void closeAbout(ProjectId project, Collection<UUID> subjects, Predicate<String> fingerprint) {
        transactions.run(project, connection -> {
            for (String open : repository.openAbout(connection, project, subjects)) {
                if (fingerprint.test(open)) {
                    close(project, open);
                }
            }
        });
    }

    /** What was wrong with it is nobody's concern any more. */
    void deleted(@Observes Deletion deletion) {
        closeAbout(deletion.project(), List.of(deletion.id()), fingerprint -> true);
    }

    /**
     * Findings, the newest first.
     *
     * @param open null for open and closed ones
     * @param severity null for all
     * @param after the last id of the page before; null for the first page
     */
    public Page<Finding> list(
            ProjectId project, @Nullable Boolean open, @Nullable Severity severity, @Nullable UUID after, int size) {
        return Page.of(
                transactions.in(
                        project, connection -> repository.list(connection, project, open, severity, after, size + 1)),
                size,
                finding -> finding.id().toString());
    }
}
