package dev.nightshift.backup.deletion;

import dev.nightshift.access.Persons;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Who may be the second person of a request. */
final class Second {
    /**
     * For so long somebody has to be who they are before they count as another person: as long as a request waits, so that whoever
     * was let in, or taken over, for the sake of one cannot approve it.
     */
    static final Duration SETTLED = DeletionRequests.LASTS;

    private Second() {}

    /**
     * Why somebody may not approve it, in a sentence; empty if they may.
     *
     * @param person who asks to; null for a key that is nobody's
     * @param admins who may do everything in the project
     * @param ofInstallation whether the action takes an installation admin, where there is another one
     */
    static Optional<String> whyNot(
            DeletionRequest request,
            @Nullable UUID person,
            List<Persons.Admin> admins,
            boolean ofInstallation,
            Instant now) {
        if (person == null) {
            return Optional.of("This key belongs to no person, and so to no second one: log in to approve.");
        }
        if (person.equals(request.askedPerson())) {
            return Optional.of("You asked for it yourself: another person has to approve it.");
        }
        Persons.Admin admin = admins.stream()
                .filter(each -> each.id().equals(person))
                .findFirst()
                .orElse(null);
        // The only admin of the installation shall not wait for nobody while a store is gone
        boolean byInstallation = ofInstallation
                && admins.stream()
                        .anyMatch(each -> each.installationAdmin() && !each.id().equals(request.askedPerson()));
        if (admin == null || (byInstallation && !admin.installationAdmin())) {
            return Optional.of(
                    byInstallation
                            ? "It takes an installation admin to approve this: who may do it alone elsewhere."
                            : "It takes an admin of the project to approve this: who may do it alone elsewhere.");
        }
        Instant from = admin.settled().plus(SETTLED);
        if (now.isBefore(from)) {
            return Optional.of("Your login or your role here is younger than " + SETTLED.toHours()
                    + " hours, or was changed since: you may approve from " + from + " on.");
        }
        return Optional.empty();
    }
}
