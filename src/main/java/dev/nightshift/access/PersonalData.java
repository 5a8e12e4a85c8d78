package dev.nightshift.access;

import dev.nightshift.access.People.Person;
import dev.nightshift.kernel.Clock;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.inject.Any;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import java.security.SecureRandom;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Everything that Nightshift keeps of a person: to hand it out, and to erase it. */
@ApplicationScoped
class PersonalData {
    /** Of each kind; beyond it the audit log's own export serves. */
    static final int MOST_RECORDS = 10_000;

    /** Bytes of a pseudonym's random part. */
    private static final int RANDOM_BYTES = 6;

    private static final SecureRandom RANDOM = new SecureRandom();

    @Inject
    private People people;

    @Inject
    private Sessions sessions;

    @Inject
    private Admissions admissions;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    @Inject
    private Event<AccessChange> changes;

    @Inject
    @Any
    private Instance<PersonalRecords> records;

    /** @throws Failure.NotFound if there is nobody of that name */
    PersonalDataResource.Export of(String name) {
        Person person = people.get(name);
        Map<String, Role> roles = new LinkedHashMap<>();
        admissions
                .all(new Identity(person.id(), person.name(), Caller.Kind.PERSON, false, null, null, null))
                .forEach(admission -> roles.put(admission.name(), admission.role()));
        Map<String, List<Map<String, Object>>> kept = new TreeMap<>();
        records.forEach(each -> kept.put(each.what(), each.of(name, MOST_RECORDS)));
        return new PersonalDataResource.Export(
                clock.now(),
                person.name(),
                person.displayName(),
                person.issuer(),
                person.subject(),
                person.installationAdmin(),
                person.disabled(),
                person.createdAt(),
                person.lastLogin(),
                roles,
                sessions.open(person.id(), MOST_RECORDS).stream()
                        .map(session -> SessionResource.view(session, null))
                        .toList(),
                kept);
    }

    /**
     * Erases a person: login, roles and sessions are gone, and a pseudonym stands where the name stood. What they did stays
     * known, because the audit log must tell the truth about the databases; that it was they is not.
     *
     * @return the pseudonym
     * @throws Failure.NotFound if there is nobody of that name
     * @throws Failure.Conflict if they are the last one who administers the installation
     */
    String erase(String name) {
        Person person = people.get(name);
        byte[] random = new byte[RANDOM_BYTES];
        RANDOM.nextBytes(random);
        String pseudonym = "erased-" + HexFormat.of().formatHex(random);
        return transactions.installation(connection -> {
            people.change(name, person.displayName(), false, true);
            sessions.closeAll(person.id(), null);
            people.erase(person.id(), pseudonym);
            records.forEach(each -> each.rename(name, pseudonym));
            changes.fire(new AccessChange(null, null, "person.erase", "person " + pseudonym, Map.of()));
            return pseudonym;
        });
    }
}
