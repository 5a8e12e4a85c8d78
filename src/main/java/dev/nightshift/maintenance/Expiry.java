package dev.nightshift.maintenance;

import dev.nightshift.tenancy.Expiring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;

/** What maintenance keeps for a time only. */
@ApplicationScoped
class Expiry {
    @Produces
    Expiring tables() {
        return Expiring.by("maintenance.forget_tables", "tables of vacuum runs", Expiring.Kept.RUNS);
    }
}
