package dev.nightshift.audit;

import dev.nightshift.tenancy.Expiring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;

/** What the audit keeps for a time only. */
@ApplicationScoped
class Expiry {
    @Produces
    Expiring entries() {
        return Expiring.by("audit.forget", "audit entries", Expiring.Kept.AUDIT);
    }
}
