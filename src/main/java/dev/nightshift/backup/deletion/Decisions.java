package dev.nightshift.backup.deletion;

import dev.nightshift.access.Caller;
import dev.nightshift.access.Persons;
import dev.nightshift.audit.Audit;
import dev.nightshift.finding.Findings;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.Instant;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.ConcurrentHashMap;
import org.jspecify.annotations.Nullable;

/**
 * How requests end, each once. Approving one judges anew, and does it in the transaction that takes the request: once, or not at all.
 * What cannot be done is over too, with why: what somebody agreed to on one day is not done on another because a reason has passed.
 */
@ApplicationScoped
class Decisions {
    /** A note holds so many. */
    private static final int LONGEST_NOTE = 1000;

    @Inject
    private Transactions transactions;

    @Inject
    private DeletionRequests requests;

    @Inject
    private DeletionRequestRepository repository;

    @Inject
    private Persons persons;

    @Inject
    private Caller caller;

    @Inject
    private Audit audit;

    @Inject
    private Findings findings;

    @Inject
    private Clock clock;

    /** Those that are being approved on this node: whoever comes second must not end one because the first is at it. */
    private final Set<UUID> underWay = ConcurrentHashMap.newKeySet();

    /** That more would go than was shown. */
    private static final class Outgrown extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final String note;

        Outgrown(String note) {
            super(note, null, false, false);
            this.note = note;
        }
    }

    /**
     * Does what was asked for, unless more would go by now than was shown.
     *
     * @param second who approves, which {@link DeletionRequests#whyNot} lets pass
     * @throws Failure.Conflict if it does not wait any more, more would go, or it cannot be done
     * @throws Failure.Retryable if it cannot be done or told at this moment; it goes on waiting
     */
    DeletionRequest approve(ProjectId project, DeletionRequest request, UUID second) {
        transactions.requireNone();
        requireOpen(request);
        if (!underWay.add(request.id())) {
            throw new Failure.Conflict(
                    "Somebody else approves this deletion request at this moment.", "Look at it once that is over.");
        }
        try {
            approveAlone(project, request, second);
        } finally {
            underWay.remove(request.id());
        }
        return requests.get(project, request.id());
    }

    private void approveAlone(ProjectId project, DeletionRequest request, UUID second) {
        DeletingAction action = requests.action(request.kind());
        ending(project, request, second, () -> judge(project, action, request));
        // Judging may take minutes
        requests.whyNot(request, Optional.of(second), persons.admins(project)).ifPresent(why -> {
            throw new Failure.Conflict(why, "Nothing was done; the request still waits.");
        });
        String by = caller.name();
        var approval = new DeletingAction.Approval() {
            @Override
            public void judge() {
                Decisions.judge(project, action, request);
            }

            @Override
            public void done(String note) {
                end(project, request, DeletionRequest.State.APPROVED, by, second, note.isEmpty() ? null : note);
            }
        };
        ending(project, request, second, () -> action.perform(project, request.asked(), request.id(), approval));
    }

    private static void judge(ProjectId project, DeletingAction action, DeletionRequest request) {
        Consequences now = action.judge(project, request.asked(), request.askedAt());
        if (now.isBeyond(request.shown())) {
            throw new Outgrown("By now " + now.backups() + " backups would go, and "
                    + request.shown().backups() + " were shown.");
        }
    }

    /** Does a part of it, and ends the request with why that cannot be done, unless that passes. */
    private void ending(ProjectId project, DeletionRequest request, UUID second, Runnable part) {
        try {
            part.run();
        } catch (Outgrown e) {
            end(project, request, DeletionRequest.State.OUTGROWN, caller.name(), second, e.note);
            throw new Failure.Conflict(
                    "More would go than was shown when it was asked for: other backups, or a window that begins later. "
                            + e.note,
                    "Nothing was done. Whoever wants it has to ask anew.");
        } catch (Failure.Retryable | Failure.Unusable e) {
            throw e;
        } catch (RuntimeException e) {
            failed(project, request, second, e);
            if (e instanceof Failure failure) {
                throw new Failure.Conflict(
                        "It could not be done, and the request is over: " + failure.getMessage(),
                        remedy(failure) + "Nothing was done. Whoever still wants it has to ask anew.");
            }
            throw e;
        }
    }

    /** @throws RuntimeException the same again if it was decided meanwhile, or has run out: that is what it says */
    private void failed(ProjectId project, DeletionRequest request, UUID second, RuntimeException why) {
        if (!request.isOpen(clock.now())) {
            throw why;
        }
        String note = why instanceof Failure failure
                ? (failure.getMessage() + " " + remedy(failure)).strip()
                : "An error that Nightshift did not expect; the server's log has the details.";
        try {
            end(
                    project,
                    request,
                    DeletionRequest.State.FAILED,
                    caller.name(),
                    second,
                    note.substring(0, Math.min(note.length(), LONGEST_NOTE)));
        } catch (Failure.Conflict decided) {
            throw why;
        }
    }

    private static String remedy(Failure failure) {
        String remedy = failure.remedy();
        return remedy == null ? "" : remedy + " ";
    }

    /** Lets it be; whoever asked may take it back so too. */
    DeletionRequest refuse(ProjectId project, DeletionRequest request, @Nullable String note) {
        requireOpen(request);
        if (note != null && note.length() > DeletionRequests.LONGEST_WHY) {
            throw new Failure.Invalid("why", "Say why in at most " + DeletionRequests.LONGEST_WHY + " characters.");
        }
        UUID person = requests.person().orElse(null); // asked outside of the project's transaction
        end(project, request, DeletionRequest.State.REFUSED, caller.name(), person, note);
        return requests.get(project, request.id());
    }

    /** Nobody decided it in time. */
    void runOut(ProjectId project, UUID id) {
        transactions.run(project, connection -> {
            DeletionRequest request = repository.find(connection, id).orElse(null);
            if (request != null && request.state() == DeletionRequest.State.WAITING) {
                end(project, request, DeletionRequest.State.RUN_OUT, null, null, null);
            }
        });
    }

    private void requireOpen(DeletionRequest request) {
        if (!request.isOpen(clock.now())) {
            throw over();
        }
    }

    private static Failure.Conflict over() {
        return new Failure.Conflict(
                "This deletion request does not wait any more: it was decided, or has run out.",
                "Look at it under Deletions. If it is still wanted, ask anew.");
    }

    /** In the caller's transaction: whoever comes second finds that it does not wait any more. */
    private void end(
            ProjectId project,
            DeletionRequest request,
            DeletionRequest.State state,
            @Nullable String by,
            @Nullable UUID person,
            @Nullable String note) {
        transactions.run(project, connection -> {
            Instant now = clock.now();
            boolean late = state == DeletionRequest.State.APPROVED && !now.isBefore(request.until());
            if (late || !repository.decide(connection, request.id(), state, by, person, now, note)) {
                throw over();
            }
            Map<String, Object> details = DeletionRequests.details(request);
            if (note != null) {
                details.put("note", note);
            }
            audit.record(project, word(state), "deletion request " + request.id(), details);
            findings.close(project, DeletionRequests.fingerprint(request));
        });
    }

    private static String word(DeletionRequest.State state) {
        return switch (state) {
            case WAITING -> "deletion.ask";
            case APPROVED -> "deletion.approve";
            case REFUSED -> "deletion.refuse";
            case OUTGROWN -> "deletion.outgrow";
            case RUN_OUT -> "deletion.run-out";
            case FAILED -> "deletion.fail";
        };
    }
}
