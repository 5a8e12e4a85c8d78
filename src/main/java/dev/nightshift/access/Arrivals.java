package dev.nightshift.access;

import dev.nightshift.access.People.Person;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import org.jspecify.annotations.Nullable;

/**
 * Lets in who has proved elsewhere who they are. They are known by issuer and subject, never by name alone: whoever may
 * choose names at the provider could otherwise become anybody here.
 */
@ApplicationScoped
public class Arrivals {
    private static final System.Logger LOG = System.getLogger(Arrivals.class.getName());

    @Inject
    private People people;

    @Inject
    private Members members;

    @Inject
    private Sessions sessions;

    @Inject
    private Transactions transactions;

    @Inject
    private Event<AccessChange> changes;

    /** Why somebody is not let in whom the provider knows. */
    public enum Refusal {
        /** The name breaks the rule for login names. */
        NAME,
        /** The name belongs to somebody else. */
        TAKEN,
        DISABLED
    }

    /** Somebody is not let in. */
    public static final class Refused extends Exception {
        private static final long serialVersionUID = 1L;
        private final Refusal why;

        Refused(Refusal why) {
            super(why.name());
            this.why = why;
        }

        public Refusal why() {
            return why;
        }
    }

    /**
     * Who comes.
     *
     * @param subject never given to anybody else by the issuer
     * @param name the login name here, at the first login; later the name of then stays
     */
    public record Arrival(String issuer, String subject, String name, String displayName, Grants grants) {}

    /**
     * Makes the person at the first login, has what their groups give follow, and opens a session.
     *
     * @param agent what the browser calls itself
     * @return the value of the Set-Cookie header
     */
    public String letIn(Arrival arrival, String address, @Nullable String agent) throws Refused {
        Person person = person(arrival, address);
        if (person.disabled()) {
            throw refused(Refusal.DISABLED, person.name(), arrival, address);
        }
        AccessChange.Actor actor = actor(person.name(), address);
        installationAdmin(person, arrival.grants(), actor);
        List<Members.InProject> present =
                members.of(person.id(), arrival.grants().projects().keySet());
        for (Grants.Change change : arrival.grants().changes(present)) {
            apply(change, person, actor);
        }
        Optional<Secret> cookie = transactions.installation(connection -> {
            if (!people.loggedIn(person.id())) {
                return Optional.empty();
            }
            audit(null, actor, "login", person.name(), Map.of("how", "openid"));
            return Optional.of(sessions.open(person.id(), address, agent));
        });
        return Authentication.setCookie(
                cookie.orElseThrow(() -> refused(Refusal.DISABLED, nameNow(arrival), arrival, address)));
    }

    /**
     * Has somebody who is here already come by OpenID Connect from now on; their password and their sessions end.
     *
     * @throws Failure.NotFound if there is nobody of that name
     * @throws Failure.Conflict if the subject is somebody else's
     */
    public void link(String name, String issuer, String subject) {
        Person person = people.get(name);
        Optional<Person> other =
                people.find(issuer, subject).filter(each -> !each.id().equals(person.id()));
        if (other.isPresent()) {
            throw taken("that of \"" + other.get().name() + "\"");
        }
        transactions.installation(connection -> {
            if (!people.link(person.id(), issuer, subject)) {
                throw taken("somebody else's"); // who was linked to it at the same moment
            }
            sessions.closeAll(person.id(), null);
            changes.fire(new AccessChange(
                    null, null, "person.link", "person " + name, Map.of("issuer", issuer, "subject", subject)));
            return true;
        });
    }

    /** Somebody may have been erased since they were found. */
    private String nameNow(Arrival arrival) {
        return people.find(arrival.issuer(), arrival.subject())
                .map(Person::name)
                .orElse("unknown");
    }

    private static Failure.Conflict taken(String whose) {
        return new Failure.Conflict(
                "This subject is already " + whose + ".",
                "Look for the right one in the audit log: each refused login has an entry login.failed.");
    }

    private Person person(Arrival arrival, String address) throws Refused {
        Optional<Person> known = people.find(arrival.issuer(), arrival.subject());
        if (known.isPresent()) {
            return known.get();
        }
        if (!People.isName(arrival.name())) {
            throw refused(Refusal.NAME, "unknown", arrival, address);
        }
        transactions.installation(connection -> {
            boolean made = people.create(arrival.name(), arrival.displayName(), arrival.issuer(), arrival.subject());
            if (made) {
                audit(
                        null,
                        actor(arrival.name(), address),
                        "person.create",
                        arrival.name(),
                        Map.of("how", "openid", "issuer", arrival.issuer(), "subject", arrival.subject()));
            }
            return made;
        });
        // Made by this login, or by another one at the same time
        Optional<Person> made = people.find(arrival.issuer(), arrival.subject());
        if (made.isEmpty()) {
            throw refused(Refusal.TAKEN, arrival.name(), arrival, address);
        }
        return made.get();
    }

    private void installationAdmin(Person person, Grants grants, AccessChange.Actor actor) {
        boolean byHand = person.installationAdmin() && !person.adminByGroups();
        if (byHand || grants.installationAdmin() == person.installationAdmin()) {
            return;
        }
        transactions.installation(connection -> {
            people.adminByGroups(person.id(), grants.installationAdmin());
            audit(
                    null,
                    actor,
                    "person.change",
                    person.name(),
                    Map.of("installationAdmin", grants.installationAdmin(), "by", "groups"));
            return true;
        });
    }

    private void apply(Grants.Change change, Person person, AccessChange.Actor actor) {
        ProjectId project = change.before().project();
        Role role = change.role();
        transactions.run(project, connection -> {
            if (role == null) {
                members.remove(project, person.id());
                audit(project, actor, "member.remove", person.name(), Map.of("by", "groups"));
            } else {
                members.put(project, person.id(), role, true);
                audit(project, actor, "member.put", person.name(), Map.of("role", role, "by", "groups"));
            }
        });
    }

    /** An admin finds the subject in the audit log, and can link it to a person. */
    private Refused refused(Refusal why, String name, Arrival arrival, String address) {
        LOG.log(
                System.Logger.Level.WARNING,
                "An OpenID login was refused ({0}): issuer {1}, subject {2}",
                why,
                arrival.issuer(),
                arrival.subject());
        transactions.installation(connection -> {
            audit(
                    null,
                    actor(why == Refusal.DISABLED ? name : "unknown", address),
                    "login.failed",
                    name,
                    Map.of(
                            "how",
                            "openid",
                            "why",
                            why,
                            "name",
                            arrival.name(),
                            "issuer",
                            arrival.issuer(),
                            "subject",
                            arrival.subject()));
            return true;
        });
        return new Refused(why);
    }

    private static AccessChange.Actor actor(String name, String address) {
        return new AccessChange.Actor(name, Caller.Kind.PERSON, address);
    }

    private void audit(
            @Nullable ProjectId project, AccessChange.Actor who, String action, String person, Map<String, ?> details) {
        changes.fire(new AccessChange(project, who, action, "person " + person, details));
    }
}
