package dev.nightshift.finding;

import dev.nightshift.tenancy.Expiring;
import dev.nightshift.tenancy.Expiring.Kept;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import java.sql.Timestamp;

/** What findings and their outbox keep for a time only. */
@ApplicationScoped
class Expiry {
    @Produces
    Expiring closed() {
        return Expiring.by("finding.forget_closed", "closed findings", Kept.RUNS);
    }

    /** Whoever should have heard of it and did not for so long, is not there. */
    @Produces
    Expiring events() {
        return new Expiring("events", Kept.LOGS, (connection, before, most) -> {
            try (var delete = connection.prepareStatement("""
                    delete from finding.outbox
                     where id in (select id from finding.outbox where at < ? order by id limit ?)
                    """)) {
                delete.setTimestamp(1, Timestamp.from(before));
                delete.setInt(2, most);
                return delete.executeUpdate();
            }
        });
    }
}
