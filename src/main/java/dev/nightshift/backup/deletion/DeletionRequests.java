package dev.nightshift.backup.deletion;

import dev.nightshift.access.Caller;
import dev.nightshift.access.Identity;
import dev.nightshift.access.Persons;
import dev.nightshift.audit.Audit;
import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.time.Duration;
import java.time.Instant;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The one place through which deleting actions pass. Where two people delete, asking for one is kept, with what it would lead to, for
 * {@link Decisions}.
 */
@ApplicationScoped
public class DeletionRequests {
    /** So long a request waits. */
    static final Duration LASTS = Duration.ofDays(3);

    /** So many may wait in a project. */
    private static final int MOST = 50;

    static final int LONGEST_WHY = 500;

    @Inject
    private Transactions transactions;

    @Inject
    private DeletionRequestRepository repository;

    @Inject
    private Persons persons;

    @Inject
    private Caller caller;

    @Inject
    private Why why;

    @Inject
    private Audit audit;

    @Inject
    private Findings findings;

    @Inject
    private Fleet fleet;

    @Inject
    private Clock clock;

    @Inject
    @Any
    private Instance<DeletingAction> actions;

    /** Whether two people delete in the project. */
    public boolean isOn(ProjectId project) {
        return on(project).isPresent();
    }

    Optional<DeletionRequestRepository.Switch> on(ProjectId project) {
        return transactions.in(project, connection -> repository.on(connection, project));
    }

    /** What two people do where it is on, for people. */
    List<String> covers() {
        return actions.stream().map(DeletingAction::covers).sorted().toList();
    }

    /** Who may approve what others ask for. */
    List<Persons.Admin> admins(ProjectId project) {
        return persons.admins(project);
    }

    /**
     * Lets pass what one person may do. Where two people delete it does not: the request is kept for another one. Call it outside of a
     * transaction, after what was asked for was checked, and do nothing if it throws.
     *
     * @param kind of the action
     * @param asked with what the action does the same again
     * @throws Failure.Conflict if it waits for another person now
     * @throws Failure if it could not be done whoever approves it, or what it leads to cannot be told
     */
    public void require(ProjectId project, String kind, JsonObject asked) {
        if (!isOn(project)) {
            return;
        }
        transactions.requireNone();
        Identity who = caller.identity().orElseThrow();
        UUID person = persons.behind(who)
                .orElseThrow(() -> new Failure.Conflict(
                        "In this project two people delete, and this key belongs to no person.",
                        "Log in, or use a key that a person made."));
        String reason = why.asked();
        if (reason != null && reason.length() > LONGEST_WHY) {
            throw new Failure.Invalid("why", "Say why in at most " + LONGEST_WHY + " characters.");
        }
        DeletingAction action = action(kind);
        UUID id = Ids.next(clock);
        refuseImpossible(project, action, asked, id);
        Instant now = clock.now(); // before it is measured: what ends meanwhile came later
        Consequences shown = action.measure(project, asked);
        var request = new DeletionRequest(
                id,
                kind,
                asked,
                reason,
                name(project, who, person),
                who.kind() == Caller.Kind.KEY ? who.name() : null,
                person,
                now,
                now.plus(LASTS),
                shown,
                DeletionRequest.State.WAITING,
                null,
                null,
                null);
        DeletionRequest kept = transactions.in(project, connection -> {
            repository.lock(connection, project);
            List<DeletionRequest> waiting = repository.list(connection, true, null, MOST);
            // Who asks again for the same asked already, for as long as no more would go than is shown there
            Optional<DeletionRequest> same = waiting.stream()
                    .filter(each -> each.isOpen(now)
                            && each.kind().equals(kind)
                            && each.asked().equals(asked)
                            && each.askedPerson().equals(person)
                            && !shown.isBeyond(each.shown()))
                    .findFirst();
            if (same.isPresent()) {
                return same.get();
            }
            if (waiting.size() >= MOST) {
                throw new Failure.Conflict(
                        MOST + " requests for deletion wait in this project, the most there may be.",
                        "Have some of them approved or refused.");
            }
            repository.insert(connection, project, request);
            audit.record(project, "deletion.ask", "deletion request " + request.id(), details(request));
            findings.report(project, finding(project, request));
            return request;
        });
        throw new Failure.Conflict(
                "This was not done: two people delete in this project. It waits as deletion request " + kept.id()
                        + " for another admin, until " + kept.until() + ".",
                "Another admin approves or refuses it, in the console under Deletions or at"
                        + " /api/projects/{project}/deletion-requests/" + kept.id() + ".");
    }

    /** What could not be done when it is approved is refused at once, for the same reason: all of it is done, and taken back. */
    private static void refuseImpossible(ProjectId project, DeletingAction action, JsonObject asked, UUID id) {
        try {
            action.perform(project, asked, id, Trial.APPROVAL);
        } catch (Trial e) {
            return;
        }
        throw new IllegalStateException(
                "The action " + action.kind() + " does not take its request in its transaction.");
    }

    /** By the login; a key's person by who may do everything there, which whoever deletes may. */
    private String name(ProjectId project, Identity who, UUID person) {
        return who.kind() == Caller.Kind.PERSON
                ? who.name()
                : persons.admins(project).stream()
                        .filter(each -> each.id().equals(person))
                        .findFirst()
                        .map(Persons.Admin::name)
                        .orElseThrow(() -> new Failure.Conflict(
                                "In this project two people delete, and whoever made this key is no admin here any"
                                        + " more.",
                                "Log in as one."));
    }

    /**
     * The request of that id.
     *
     * @throws Failure.NotFound if the project has none
     */
    public DeletionRequest get(ProjectId project, UUID id) {
        return transactions
                .in(project, connection -> repository.find(connection, id))
                .orElseThrow(() -> new Failure.NotFound("This project has no such deletion request."));
    }

    /** The backups that a request showed as going; empty if it was not approved. */
    public Set<UUID> approved(ProjectId project, UUID id) {
        DeletionRequest request = get(project, id);
        return request.state() == DeletionRequest.State.APPROVED
                ? request.shown().going()
                : Set.of();
    }

    Page<DeletionRequest> list(ProjectId project, boolean waiting, @Nullable UUID after, int size) {
        return Page.of(
                transactions.in(project, connection -> repository.list(connection, waiting, after, size + 1)),
                size,
                request -> request.id().toString());
    }

    /** Why the caller may not approve it; empty if they may. */
    Optional<String> whyNot(DeletionRequest request, Optional<UUID> person, List<Persons.Admin> admins) {
        boolean ofInstallation =
                known(request.kind()).filter(DeletingAction::isOfInstallation).isPresent();
        return Second.whyNot(request, person.orElse(null), admins, ofInstallation, clock.now())
                .or(() -> caller.kind() == Caller.Kind.KEY
                        ? Optional.of("Keys ask, and people approve: who made a key need not be who holds it. Log in.")
                        : Optional.empty());
    }

    /** Who the caller is as a person. */
    Optional<UUID> person() {
        return caller.identity().flatMap(persons::behind);
    }

    /** For the audit log. */
    static Map<String, Object> details(DeletionRequest request) {
        Map<String, Object> details = new LinkedHashMap<>();
        details.put("what", request.shown().title());
        details.put("kind", request.kind());
        details.put("askedBy", request.askedBy());
        details.put("why", request.why());
        details.put("backups", request.shown().backups());
        details.put("bytes", request.shown().bytes() + request.shown().logBytes());
        return details;
    }

    /** Of the finding that it waits. */
    static String fingerprint(DeletionRequest request) {
        return "backup.deletion-request:" + request.id();
    }

    private FindingReport finding(ProjectId project, DeletionRequest request) {
        return new FindingReport(
                fingerprint(request),
                new Subject(
                        Subject.Kind.PROJECT,
                        project.value(),
                        fleet.project(project).name().value()),
                Severity.WARNING,
                request.askedBy() + " asks for a deletion",
                request.shown().title() + ". " + request.shown().backups() + " backups would go, "
                        + new Bytes(request.shown().bytes() + request.shown().logBytes()) + " in the stores.",
                "Another admin approves or refuses it, under Deletions, until " + request.until() + ".",
                Json.createObjectBuilder()
                        .add("request", request.id().toString())
                        .build(),
                null);
    }

    private Optional<DeletingAction> known(String kind) {
        return actions.stream().filter(each -> each.kind().equals(kind)).findFirst();
    }

    /** @throws Failure.Conflict if this version does not know it */
    DeletingAction action(String kind) {
        return known(kind)
                .orElseThrow(() -> new Failure.Conflict(
                        "This version of Nightshift does not know the action " + kind + ".", "Ask for it anew."));
    }
}
