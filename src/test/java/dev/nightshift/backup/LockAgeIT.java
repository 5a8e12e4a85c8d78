package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.finding.Finding;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.fleet.Registration;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.testing.UnreachableServer;
import jakarta.inject.Inject;
import java.util.Optional;
import java.util.UUID;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** Of a store that is to lock what lies in it nobody says for long whether it does: nothing listens where it should be. */
@Tag("thorough")
@ArquillianTest
class LockAgeIT {
    private static final String STORE = "lock-age";

    @Inject
    private LockAge age;

    @Inject
    private Registration registration;

    @Inject
    private Findings findings;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    @BeforeEach
    void aStoreThatIsAway() {
        installation("insert into backup.store (name, kind, bucket, endpoint, region, account, lock_days)"
                + " values ('" + STORE + "', 'S3', 'away', 'http://127.0.0.1:1', 'eu-central-1', 'nobody', 30)");
    }

    @AfterEach
    void forgotten() {
        transactions.installation(connection -> {
            try (var delete = connection.prepareStatement("select backup.delete_store('" + STORE + "')")) {
                return delete.execute();
            }
        });
    }

    private void installation(String statement) {
        transactions.installation(connection -> {
            try (var update = connection.prepareStatement(statement)) {
                return update.executeUpdate();
            }
        });
    }

    private void measured(String ago) {
        installation("update backup.store set lock_measured_at = now() - interval '" + ago + "' where name = '" + STORE
                + "'");
    }

    @Test
    void whatNobodyMeasuredForLongIsAFindingThatRisesAndEndsWhenItIsMeasured() {
        UnreachableServer server = UnreachableServer.register(registration, "lock-aged");
        UnreachableServer elsewhere = UnreachableServer.register(registration, "lock-elsewhere");
        UUID backup = backup(server);
        age.look();
        assertEquals(Optional.empty(), finding(server), "just defined");
        measured("23 hours");
        age.look();
        assertEquals(Optional.empty(), finding(server));

        measured("25 hours");
        age.look();
        Finding warned = finding(server).orElseThrow();
        assertAll(
                () -> assertEquals(Severity.WARNING, warned.report().severity()),
                () -> assertEquals(
                        "The lock of the store " + STORE + " is not measured",
                        warned.report().title()),
                () -> assertEquals(30, warned.report().evidence().getInt("wantedDays")),
                () -> assertTrue(warned.report().evidence().containsKey("measuredAt")),
                () -> assertEquals(Optional.empty(), finding(elsewhere), "nothing of it lies there"));

        measured("169 hours");
        age.look();
        assertEquals(Severity.CRITICAL, finding(server).orElseThrow().report().severity());
        assertEquals(warned.id(), finding(server).orElseThrow().id(), "it rises, and is no second one");

        measured("0 hours");
        age.look();
        assertEquals(Optional.empty(), finding(server), "measured again");

        measured("169 hours");
        age.look();
        assertEquals(Severity.CRITICAL, finding(server).orElseThrow().report().severity());
        installation("update backup.store set lock_days = 0 where name = '" + STORE + "'");
        age.look();
        assertEquals(Optional.empty(), finding(server), "it is to lock nothing");

        installation("update backup.store set lock_days = 30 where name = '" + STORE + "'");
        age.look();
        assertTrue(finding(server).isPresent());
        transactions.run(server.project(), connection -> {
            try (var update = connection.prepareStatement(
                    "update backup.backup set deleted_at = now(), freed_at = now() where id = ?")) {
                update.setObject(1, backup);
                update.executeUpdate();
            }
        });
        age.look();
        assertEquals(Optional.empty(), finding(server), "nothing lies there any more");
    }

    private Optional<Finding> finding(UnreachableServer server) {
        return findings.list(server.project(), true, null, null, 100).items().stream()
                .filter(each -> each.report().fingerprint().equals("backup.lock-age:" + STORE))
                .findFirst();
    }

    private UUID backup(UnreachableServer server) {
        UUID id = Ids.next(clock);
        transactions.run(server.project(), connection -> {
            try (var insert = connection.prepareStatement("""
                    insert into backup.backup (id, project_id, instance_id, run_id, kind, state, store, location, databases,
                        taken_at, ended_at, server_version, size_bytes, stored_bytes, start_lsn, stop_lsn, recovery_lsn,
                        timeline, system_identifier, checksums, checksum_failures, tablespaces, key_id)
                    values (?, ?, ?, ?, 'FULL', 'COMPLETE', ?, 'nowhere', '{}', now(), now(), '18.4', 1, 1, '0/1', '0/2',
                        '0/3', 1, '1', true, 0, 0, 'key')""")) {
                insert.setObject(1, id);
                insert.setObject(2, server.project().value());
                insert.setObject(3, server.instance());
                insert.setObject(4, Ids.next(clock));
                insert.setString(5, STORE);
                insert.executeUpdate();
            }
        });
        return id;
    }
}
