package dev.nightshift.backup;

import dev.nightshift.backup.wal.LogFile;
import dev.nightshift.finding.Severity;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.time.OffsetDateTime;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * What is refused of a server that pushes: whether it is its own, which somebody has to look at, or another server's, which says nothing
 * of its log.
 */
@ApplicationScoped
class PushedRefusals {
    @Inject
    private WalWork work;

    @Inject
    private PushedLook look;

    @Inject
    private PushedRepository pushed;

    @Inject
    private WalFindings findings;

    @Inject
    private Transactions transactions;

    /** A push that was refused; whose it is is not known yet, and no time counts until it is. */
    static final class Refused extends RuntimeException {
        private static final long serialVersionUID = 1L;
        private final transient WalService service;
        private final transient LogFile file;
        private final @Nullable String cluster;
        private final Failure.Conflict why;

        /** In whose place the archive holds something else; null where it does not. */
        private final transient @Nullable Lsn other;

        /** Null where the archive is in no doubt. */
        private final @Nullable OffsetDateTime doubt;

        private Refused(
                WalService service,
                LogFile file,
                @Nullable String cluster,
                Failure.Conflict why,
                @Nullable Lsn other,
                @Nullable OffsetDateTime doubt) {
            super(why);
            this.service = service;
            this.file = file;
            this.cluster = cluster;
            this.why = why;
            this.other = other;
            this.doubt = doubt;
        }
    }

    /**
     * Before the server is asked, which may take a minute: meanwhile the archive may hold what is not the server's.
     *
     * @param cluster the system identifier of the server that pushes, as it says; null where it does not
     * @param other the segment in whose place the archive holds something else; null where that is not why
     */
    Refused refused(
            WalService service, LogFile file, @Nullable String cluster, Failure.Conflict why, @Nullable Lsn other) {
        OffsetDateTime doubt = other == null
                ? null
                : transactions.in(service.project(), connection -> pushed.doubt(connection, service.instance()));
        return new Refused(service, file, cluster, why, other, doubt);
    }

    /**
     * Asks the server whose a refused push is, and enters it. Where it may be its own, it fails from now on.
     *
     * @return what to answer
     */
    Failure.Conflict judged(Refused refused) {
        WalService service = refused.service;
        OffsetDateTime doubt = refused.doubt;
        try {
            judge(service, refused);
        } finally {
            if (doubt != null) {
                transactions.run(service.project(), connection -> pushed.known(connection, service.instance(), doubt));
            }
        }
        return refused.why;
    }

    private void judge(WalService service, Refused refused) {
        if (look.isAnothers(service, refused.file, refused.cluster)) {
            stranger(service, refused.file, refused.why);
            return;
        }
        Lsn other = refused.other;
        if (other != null) {
            transactions.run(
                    service.project(),
                    connection -> pushed.refused(connection, service.instance(), refused.file.timeline(), other));
        }
        work.state(service.project(), service.instance(), WalService.State.FAILING, refused.why.getMessage());
    }

    /** Another server pushed it. */
    void stranger(WalService service, LogFile file, Failure.Conflict why) {
        // Whoever was promoted may be the server by now, while the old one still answers
        UUID archive = service.archive();
        boolean promoted = archive != null
                && work.end(service.project(), archive)
                        .filter(end -> file.timeline() > end.reached().timeline())
                        .isPresent();
        transactions.run(service.project(), connection -> {
            pushed.stranger(connection, service.instance());
            findings.stranger(service, file.name(), why, promoted ? Severity.CRITICAL : Severity.WARNING);
        });
    }
}
