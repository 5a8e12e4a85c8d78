package dev.nightshift.backup;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.finding.FindingReport;
import dev.nightshift.finding.Findings;
import dev.nightshift.finding.Severity;
import dev.nightshift.finding.Subject;
import dev.nightshift.fleet.NewProject;
import dev.nightshift.fleet.Registration;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.testing.UnreachableServer;
import jakarta.inject.Inject;
import jakarta.json.JsonValue;
import java.time.ZoneId;
import java.util.Currency;
import java.util.List;
import java.util.Set;
import java.util.UUID;
import java.util.stream.Collectors;
import org.jboss.arquillian.junit5.container.annotation.ArquillianTest;
import org.junit.jupiter.api.Test;

/** What a later backup, or its proof, closes of what earlier ones found. */
@ArquillianTest
class BackupFindingsIT {
    @Inject
    private BackupFindings backupFindings;

    @Inject
    private Findings findings;

    @Inject
    private Registration registration;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    @Test
    void aCleanBackupClosesWhatADamagedOneFound() {
        ProjectId project = project("damaged");
        UUID instance = instance(project, "damaged");
        taken(project, instance, Manifest.Kind.FULL, true);
        assertEquals(Set.of("backup.damaged-source:" + instance), open(project));
        taken(project, instance, Manifest.Kind.INCREMENTAL, false);
        taken(project, instance, Manifest.Kind.DIFFERENTIAL, false);
        assertEquals(
                Set.of("backup.damaged-source:" + instance), open(project), "the damaged pages may not have been sent");
        taken(project, instance, Manifest.Kind.FULL, false);
        assertEquals(Set.of(), open(project));
    }

    @Test
    void theProofOfABackupStandsInForThoseBeforeItAndForNoOther() {
        ProjectId project = project("proven");
        UUID instance = instance(project, "proven");
        UUID other = backup(project, instance(project, "other"));
        UUID before = backup(project, instance);
        UUID proven = backup(project, instance);
        UUID after = backup(project, instance);
        for (UUID each : List.of(other, before, after)) {
            failed(project, each, ProofLevel.MATCHED);
        }
        failed(project, before, ProofLevel.STORED);
        failed(project, proven, ProofLevel.STORED);

        failedCopy(project, before, ProofLevel.STORED);
        backupFindings.proven(project, instance, proven, "local", ProofLevel.STORED);
        assertEquals(
                Set.of("proof:" + other, "proof:" + before, "proof:" + after, "proof:" + before + "@offsite:stored"),
                open(project),
                "what is proven in one store says nothing of a copy");
        backupFindings.proven(project, instance, proven, "offsite", ProofLevel.STORED);
        assertEquals(Set.of("proof:" + other, "proof:" + before, "proof:" + after), open(project));

        failed(project, before, ProofLevel.READABLE);
        backupFindings.proven(project, instance, proven, "local", ProofLevel.MATCHED);
        assertEquals(Set.of("proof:" + other, "proof:" + after), open(project));
    }

    @Test
    void theProofOfAPartOfADatabaseStandsInForNoOther() {
        ProjectId project = project("parts");
        UUID instance = instance(project, "parts");
        UUID whole = backup(project, instance, "LOGICAL", "");
        UUID other = backup(project, instance, "LOGICAL", "{\"tables\":[\"a\"]}");
        UUID same = backup(project, instance, "LOGICAL", "{\"tables\":[\"b\"]}");
        UUID proven = backup(project, instance, "LOGICAL", "{\"tables\":[\"b\"]}");
        for (UUID each : List.of(whole, other, same)) {
            failed(project, each, ProofLevel.MATCHED);
        }
        backupFindings.proven(project, instance, proven, "local", ProofLevel.MATCHED);
        assertEquals(Set.of("proof:" + whole, "proof:" + other), open(project));
    }

    private void taken(ProjectId project, UUID instance, Manifest.Kind kind, boolean failures) {
        backupFindings.taken(
                new BackupEntries.Attempt(Ids.next(clock), project, instance, Ids.next(clock), List.of("shop")),
                kind,
                new Manifest.Checksums(true, failures, failures ? List.of("page 7 is wrong") : List.of()));
    }

    private void failed(ProjectId project, UUID backup, ProofLevel upTo) {
        failed(project, backup, "local", upTo);
    }

    private void failedCopy(ProjectId project, UUID backup, ProofLevel upTo) {
        failed(project, backup, "offsite", upTo);
    }

    private void failed(ProjectId project, UUID backup, String store, ProofLevel upTo) {
        findings.report(
                project,
                new FindingReport(
                        BackupFindings.proof(backup, "local", store, upTo),
                        new Subject(Subject.Kind.BACKUP, backup, "shop"),
                        Severity.CRITICAL,
                        "Restore drill of shop failed",
                        "A row is missing.",
                        null,
                        JsonValue.EMPTY_JSON_OBJECT,
                        null));
    }

    private Set<String> open(ProjectId project) {
        return findings.list(project, true, null, null, 100).items().stream()
                .map(finding -> finding.report().fingerprint())
                .collect(Collectors.toSet());
    }

    private UUID backup(ProjectId project, UUID instance) {
        return backup(project, instance, "FULL", "");
    }

    private UUID backup(ProjectId project, UUID instance, String kind, String selection) {
        UUID id = Ids.next(clock);
        transactions.run(project, connection -> {
            try (var insert = connection.prepareStatement("""
                    insert into backup.backup (id, project_id, instance_id, run_id, kind, state, store, location, databases,
                        taken_at, ended_at, server_version, size_bytes, stored_bytes, start_lsn, stop_lsn, recovery_lsn, timeline,
                        system_identifier, checksums, checksum_failures, tablespaces, key_id, selection)
                    values (?, ?, ?, ?, ?, 'COMPLETE', 'local', 'nowhere', '{shop}', now(), now(), '18.0', 1, 1, '0/1', '0/2',
                        '0/2', 1, '7', true, 0, 0, 'key', ?)
                    """)) {
                insert.setObject(1, id);
                insert.setObject(2, project.value());
                insert.setObject(3, instance);
                insert.setObject(4, Ids.next(clock));
                insert.setString(5, kind);
                insert.setString(6, selection);
                insert.executeUpdate();
            }
        });
        return id;
    }

    private ProjectId project(String name) {
        return registration
                .project(new NewProject(new Name(name), "Of a test", ZoneId.of("UTC"), Currency.getInstance("EUR")))
                .id();
    }

    /** On a server that does not answer. */
    private UUID instance(ProjectId project, String name) {
        return registration
                .instance(project, new Name(name), UnreachableServer.server())
                .id();
    }
}
