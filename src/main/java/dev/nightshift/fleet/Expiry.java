package dev.nightshift.fleet;

import dev.nightshift.tenancy.Expiring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;

/** What the fleet keeps of deleted instances and databases. */
@ApplicationScoped
class Expiry {
    @Produces
    Expiring deleted() {
        return Expiring.by("fleet.forget_deleted", "deleted instances and databases", Expiring.Kept.DELETED);
    }
}
