package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Role;
import dev.nightshift.backup.deletion.DeletionRequests;
import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.finding.Severity;
import dev.nightshift.job.Job;
import dev.nightshift.job.JobDefinition;
import dev.nightshift.job.Parameter;
import dev.nightshift.job.Parameters;
import dev.nightshift.job.Unit;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.ContextNotActiveException;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Set;

/** Deleting the backups that nobody wants to keep any more as something that can be run. */
@ApplicationScoped
class ExpireJob implements Job {
    static final String PLAN = "plan";
    static final String DELETE = "delete";
    static final String LOG = "log";
    static final String APPLY = "apply";
    static final String POLICY = "policy";
    static final String OF = "ofPolicy";
    static final String REQUEST = "deletionRequest";
    private static final int MOST = 10_000;

    private static final JobDefinition DEFINITION = new JobDefinition(
            "expire",
            "Expire backups",
            "Says which backups of each server go and which stay, and why; and deletes them, if it is told to, with"
                    + " the archived log that only they needed. Whatever is asked for, the newest backup stays, the newest"
                    + " that is proven, what is on hold, and what those need.",
            Unit.INSTANCE,
            "expire",
            false,
            Severity.WARNING,
            Severity.WARNING,
            List.of(PLAN, DELETE, LOG),
            List.of(
                    keep("keepDays", "Keep days", "All of so many days, and what restores to their beginning."),
                    keep("keepCount", "Keep newest", "So many, the newest ones."),
                    keep("keepDaily", "Keep daily", "The newest of each of so many days that have any."),
                    keep("keepWeekly", "Keep weekly", "The newest of each of so many weeks, which begin on Monday."),
                    keep("keepMonthly", "Keep monthly", "The newest of each of so many months."),
                    keep("keepYearly", "Keep yearly", "The newest of each of so many years."),
                    Parameter.flag(
                            POLICY,
                            "By policy",
                            "Keeps what the policy of each server says; servers without one are skipped. Not beside"
                                    + " the parts above.",
                            false),
                    Parameter.text(
                            OF,
                            "Of the policy",
                            "Beside by policy: skips servers that another policy answers for when the run comes to"
                                    + " them, and all once this one has no expiry done.",
                            false),
                    Parameter.flag(
                            APPLY,
                            "Delete",
                            "Deletes what goes. Without it the run only says what it would do.",
                            false)),
            List.of(Parameter.text(
                    REQUEST,
                    "Deletion request",
                    "Set where two people delete: the request that a second person approved. Nothing goes that it did"
                            + " not show.",
                    false)));

    @Inject
    private CurrentProject project;

    @Inject
    private DeletionRequests deletions;

    private static Parameter keep(String name, String label, String help) {
        return Parameter.integer(name, label, help + " Nothing leaves this part out.", null, 1, MOST);
    }

    @Override
    public JobDefinition definition() {
        return DEFINITION;
    }

    /** What a run reads or is built on must not go meanwhile. */
    @Override
    public Set<String> keepsApartFrom(Parameters parameters) {
        return Set.of("backup", "copy", "restore", "restore-drill");
    }

    @Override
    public void check(ProjectId of, Parameters parameters) {
        boolean empty = rule(parameters).isEmpty();
        if (parameters.flag(POLICY) && !empty) {
            throw new Failure.Invalid(
                    "parameters." + POLICY, "Either the policies say what to keep, or these parameters; not both.");
        }
        if (!parameters.flag(POLICY) && empty) {
            throw new Failure.Invalid(
                    "parameters.keepDays",
                    "Say what to keep: days, a number, or one of each period; or let the policies say it.");
        }
        if (!parameters.flag(POLICY) && parameters.text(OF).isPresent()) {
            throw new Failure.Invalid("parameters." + OF, "Only beside the parameter policy.");
        }
        requireAdmin(parameters);
    }

    /** Where two people delete, what one of them starts by hand waits for the other. */
    @Override
    public void review(ProjectId of, List<String> databases, Parameters parameters) {
        refuseRequest(parameters);
        if (parameters.flag(APPLY)) {
            deletions.require(of, ExpireByHand.KIND, ExpireByHand.asked(databases, parameters));
        }
    }

    /** A schedule with a rule of its own would be one person's way around the policies, which two change. */
    @Override
    public void checkPlanned(ProjectId of, Parameters parameters) {
        refuseRequest(parameters);
        if (parameters.flag(APPLY) && parameters.text(OF).isEmpty() && deletions.isOn(of)) {
            throw new Failure.Invalid(
                    "parameters." + APPLY,
                    "In this project two people delete, so a schedule of its own deletes nothing: have a policy do it,"
                            + " which two people change, and delete this schedule if there is one.");
        }
    }

    private static void refuseRequest(Parameters parameters) {
        if (parameters.text(REQUEST).isPresent()) {
            throw new Failure.Invalid("parameters." + REQUEST, "Nightshift sets this; leave it out.");
        }
    }

    /** What was asked for before two people deleted, or by a rule that is the policy's no more, is asked for anew. */
    @Override
    public void checkRestart(ProjectId of, Parameters parameters) {
        requireAdmin(parameters);
        if (parameters.flag(APPLY) && parameters.text(REQUEST).isEmpty() && deletions.isOn(of)) {
            throw new Failure.Conflict(
                    "In this project two people delete: a run that deletes is not restarted by one of them.",
                    "Start a new run, which another admin then approves; scheduled ones begin by themselves.");
        }
    }

    private void requireAdmin(Parameters parameters) {
        if (parameters.flag(APPLY) && !mayDelete()) {
            throw new Failure.Invalid(
                    "parameters." + APPLY,
                    "Deleting backups asks for the role admin; without it the run only says what would go.");
        }
    }

    /** Whoever had it scheduled was asked then. */
    private boolean mayDelete() {
        try {
            return project.admission().isEmpty() || project.role().covers(Role.ADMIN);
        } catch (ContextNotActiveException e) {
            return true;
        }
    }

    static KeepRule rule(Parameters parameters) {
        return new KeepRule(
                number(parameters, "keepDays"),
                number(parameters, "keepCount"),
                number(parameters, "keepDaily"),
                number(parameters, "keepWeekly"),
                number(parameters, "keepMonthly"),
                number(parameters, "keepYearly"));
    }

    private static int number(Parameters parameters, String name) {
        return Math.toIntExact(parameters.longOr(name, 0));
    }
}
