package dev.nightshift.job;

import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.Page;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/** Runs as people and features ask for them and look at them. */
@ApplicationScoped
public class Runs {
    private static final List<String> ALL = List.of("*");

    @Inject
    private Transactions transactions;

    @Inject
    private RunRepository repository;

    @Inject
    private Ledger ledger;

    @Inject
    private LostRuns lost;

    @Inject
    private Jobs jobs;

    @Inject
    private Fleet fleet;

    @Inject
    private WindowGate windows;

    /**
     * Queues a run; a node takes it within a second.
     *
     * @throws Failure.Invalid if the job, a database or a parameter is not right, naming it
     */
    public UUID request(ProjectId project, RunRequest request) {
        return request(project, request, null);
    }

    /**
     * Lets the job have its last word on what a person or a key asks for; outside of any transaction.
     *
     * @throws Failure.Invalid if the job, a database or a parameter is not right, naming it
     * @throws Failure.Conflict if it is not to begin like that
     */
    public void review(ProjectId project, RunRequest request) {
        Job job = jobs.named(request.job());
        Parameters parameters = checked(job, request.parameters());
        job.check(project, parameters);
        transactions.in(project, connection -> targets(project, job.definition(), request.databases()));
        job.review(project, request.databases(), parameters);
    }

    private static Parameters checked(Job job, JsonObject given) {
        return Parameters.check(job.definition(), job.plain(given));
    }

    /** Looks at once at what waits in the project: its calendar is another. */
    public void lookAgain(ProjectId project) {
        windows.lookAgain(project);
    }

    /**
     * As {@link #request(ProjectId, RunRequest)}; it begins once the earlier runs of its schedule are over.
     *
     * @param waitsFor what the run says until then
     */
    public UUID requestBehind(ProjectId project, RunRequest request, String waitsFor) {
        return request(project, request, waitsFor);
    }

    /**
     * Queues a run on all registered databases of these servers, however many these are; what it names is kept as what was
     * asked for.
     *
     * @param waitsFor what the run says until the earlier runs of its schedule are over; null if it need not wait
     * @throws Failure.Invalid if the job or a parameter is not right, naming it
     */
    public UUID requestOn(ProjectId project, RunRequest request, Set<UUID> servers, @Nullable String waitsFor) {
        return request(
                project,
                request,
                job -> targets(
                        job,
                        fleet.databases(project).stream()
                                .filter(database ->
                                        servers.contains(database.instance().id()))
                                .toList()),
                waitsFor);
    }

    private UUID request(ProjectId project, RunRequest request, @Nullable String waitsFor) {
        return request(project, request, job -> targets(project, job, request.databases()), waitsFor);
    }

    private UUID request(
            ProjectId project,
            RunRequest request,
            Function<JobDefinition, List<RunRepository.NewTarget>> aim,
            @Nullable String waitsFor) {
        Job job = jobs.named(request.job());
        Parameters parameters = checked(job, request.parameters());
        job.check(project, parameters);
        var targets = aim.apply(job.definition());
        job.checkTargets(targets.size());
        return transactions.in(
                project,
                connection -> repository.insert(
                        connection, project, request, job.definition(), parameters, targets, waitsFor));
    }

    /**
     * Checks what is planned for later as {@link #request} would check it now.
     *
     * @param known names that are let be, whether or not the project still has them
     * @return the parameters with their defaults
     * @throws Failure.Invalid if the job, a database or a parameter is not right, naming it
     */
    public Parameters check(
            ProjectId project, String name, List<String> databases, JsonObject parameters, Set<String> known) {
        Job job = jobs.named(name);
        Parameters checked = checked(job, parameters);
        job.check(project, checked);
        job.checkPlanned(project, checked);
        if (job.definition().unit() == Unit.PROJECT) {
            checkNone(databases);
            return checked;
        }
        checkCount(databases);
        var present = new LinkedHashMap<UUID, Database>();
        for (int i = 0; i < databases.size(); i++) {
            if (known.contains(databases.get(i))) {
                meant(project, databases, i).forEach(database -> present.put(database.id(), database));
            } else {
                named(project, databases, i).forEach(database -> present.put(database.id(), database));
            }
        }
        job.checkTargets(
                targets(job.definition(), List.copyOf(present.values())).size());
        return checked;
    }

    /**
     * Checks the name of a job.
     *
     * @throws Failure.Invalid naming the field if there is none of that name
     */
    public void checkJob(String field, @Nullable String name) {
        try {
            jobs.named(name == null ? "" : name);
        } catch (Failure.Invalid e) {
            throw new Failure.Invalid(field, e.getMessage());
        }
    }

    /** A run that was due and could not be started, kept with the reason. */
    public UUID missed(ProjectId project, RunRequest request, String reason) {
        return notStarted(project, request, RunStatus.MISSED, reason);
    }

    /** A run that was due and was left out on purpose, kept with the reason. */
    public UUID skipped(ProjectId project, RunRequest request, String reason) {
        return notStarted(project, request, RunStatus.SKIPPED, reason);
    }

    private UUID notStarted(ProjectId project, RunRequest request, RunStatus status, String reason) {
        return transactions.in(
                project, connection -> repository.notStarted(connection, project, request, status, reason));
    }

    /** The runs of a schedule that are not over, oldest first. */
    public List<UUID> open(ProjectId project, UUID schedule) {
        return transactions.in(project, connection -> RunRepository.open(connection, schedule));
    }

    /** A line in a run's log. */
    public void note(ProjectId project, UUID run, String text) {
        ledger.log(project, run, null, Run.Level.WARN, text);
    }

    /** Databases by name; physical work collapses to one target per instance. */
    private List<RunRepository.NewTarget> targets(ProjectId project, JobDefinition job, List<String> names) {
        if (job.unit() == Unit.PROJECT) {
            checkNone(names);
            return List.of(new RunRepository.NewTarget(null, null, List.of()));
        }
        checkCount(names);
        List<Database> databases = names.equals(ALL) ? fleet.databases(project) : named(project, names);
        if (databases.isEmpty()) {
            throw new Failure.Invalid("databases", "This project has no databases yet; register one first.");
        }
        return targets(job, databases);
    }

    private static List<RunRepository.NewTarget> targets(JobDefinition job, List<Database> databases) {
        if (job.unit() == Unit.DATABASE) {
            return databases.stream()
                    .map(database -> new RunRepository.NewTarget(
                            database.instance().id(),
                            database.id(),
                            List.of(database.name().value())))
                    .toList();
        }
        var byInstance = new LinkedHashMap<UUID, List<String>>();
        databases.forEach(database -> byInstance
                .computeIfAbsent(database.instance().id(), id -> new ArrayList<>())
                .add(database.name().value()));
        return byInstance.entrySet().stream()
                .map(entry -> new RunRepository.NewTarget(entry.getKey(), null, entry.getValue()))
                .toList();
    }

    private static void checkNone(List<String> names) {
        if (!names.isEmpty() && !names.equals(ALL)) {
            throw new Failure.Invalid("databases", "This job works on the whole project: name no databases.");
        }
    }

    private static void checkCount(List<String> names) {
        if (names.isEmpty() || names.size() > RunRequest.MAX_DATABASES) {
            throw new Failure.Invalid(
                    "databases",
                    "Name 1 to " + RunRequest.MAX_DATABASES + " databases, or \"*\" for all of the project.");
        }
    }

    private List<Database> named(ProjectId project, List<String> names) {
        var databases = new LinkedHashMap<UUID, Database>();
        for (int i = 0; i < names.size(); i++) {
            named(project, names, i).forEach(database -> databases.put(database.id(), database));
        }
        return List.copyOf(databases.values());
    }

    /** What one of the names stands for, which must not be nothing. */
    private List<Database> named(ProjectId project, List<String> names, int i) {
        List<Database> meant = meant(project, names, i);
        if (meant.isEmpty() && !names.equals(ALL)) {
            String name = names.get(i);
            throw new Failure.Invalid(
                    "databases[" + i + "]",
                    name.startsWith(RunRequest.TAG)
                            ? "No database of this project has the tag " + name.substring(RunRequest.TAG.length()) + "."
                            : "This project has no database of this name.");
        }
        return meant;
    }

    private List<Database> meant(ProjectId project, List<String> names, int i) {
        String name = names.get(i);
        if (name != null && name.startsWith(RunRequest.TAG)) {
            String tag = name.substring(RunRequest.TAG.length());
            return fleet.databases(project).stream()
                    .filter(database -> database.tags().contains(tag))
                    .toList();
        }
        if (names.equals(ALL)) {
            return fleet.databases(project);
        }
        try {
            return fleet.databaseNamed(project, new Name(name)).stream().toList();
        } catch (Failure.Invalid e) {
            throw new Failure.Invalid("databases[" + i + "]", e.getMessage());
        }
    }

    /** The names of databases that a list of names and tags stands for now; those that stand for none are left out. */
    public List<String> present(ProjectId project, List<String> names) {
        var present = new LinkedHashMap<UUID, String>();
        for (int i = 0; i < names.size(); i++) {
            meant(project, names, i)
                    .forEach(database ->
                            present.put(database.id(), database.name().value()));
        }
        return List.copyOf(present.values());
    }

    /**
     * A run with its targets and their steps.
     *
     * @throws Failure.NotFound if the project has no such run
     */
    public Run get(ProjectId project, UUID id) {
        return transactions
                .in(project, connection -> repository.find(connection, id))
                .orElseThrow(Runs::unknown);
    }

    /** The newest run of a job that was started this way. */
    public Optional<Run> newest(ProjectId project, String job, RunRequest.Trigger trigger) {
        return transactions.in(project, connection -> repository.newest(connection, job, trigger));
    }

    /** What a person or a key last asked of a job; empty if none did. */
    Optional<LastRun> last(ProjectId project, String job) {
        return transactions.in(project, connection -> LastRun.of(connection, job));
    }

    Page<RunSummary> list(ProjectId project, RunFilter filter, @Nullable UUID after, int limit) {
        return transactions.in(project, connection -> RunListRepository.list(connection, filter, after, limit));
    }

    /** The lines of a run's log, oldest first, after a sequence number. */
    Page<Run.LogLine> log(ProjectId project, UUID run, RunLog.Asked asked, long after, int limit) {
        return transactions.in(project, connection -> {
            if (!repository.exists(connection, run)) {
                throw unknown();
            }
            return RunLog.lines(connection, run, asked, after, limit);
        });
    }

    /**
     * Asks a run to stop: it cancels what it is doing; targets that are done stay done.
     *
     * @throws Failure.Conflict if it is over
     */
    public Run stop(ProjectId project, UUID id) {
        get(project, id);
        transactions.run(project, connection -> ledger.stop(connection, project, id));
        return get(project, id);
    }

    /**
     * Starts the next attempt of a run that is over: the same run, targets and parameters; what is done stays done.
     *
     * @param by the person or key that asks
     * @throws Failure.Conflict if nothing is left to do
     * @throws Failure.Invalid if the job does not let this caller have it again
     */
    public Run restart(ProjectId project, UUID id, String by) {
        Run run = get(project, id);
        // Who may not ask for it anew may not ask for it again
        checkRestart(project, run);
        transactions.run(project, connection -> ledger.restart(connection, project, id, by));
        return get(project, id);
    }

    private void checkRestart(ProjectId project, Run run) {
        jobs.named(run.job()).checkRestart(project, Parameters.stored(run.parameters()));
    }

    /** Lets pass what {@link #restart} would, as far as the run's job has a say. */
    void checkRestart(ProjectId project, UUID id) {
        checkRestart(project, get(project, id));
    }

    /**
     * Declares a run lost that its node neither works on nor ends, as far as a person knows: whatever still works on it
     * writes nothing more, and it does not begin again by itself.
     *
     * @throws Failure.Conflict if it is not under way
     */
    public Run declareDead(ProjectId project, UUID id, String by, String why) {
        get(project, id);
        transactions.run(project, connection -> lost.declareDead(connection, project, id, by, why));
        return get(project, id);
    }

    private static Failure.NotFound unknown() {
        return new Failure.NotFound("This project has no such run.");
    }
}
