package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.read.RecoveryPlan.Candidate;
import dev.nightshift.backup.read.RecoveryPlanner;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.BackupKeys;
import dev.nightshift.vault.Keyring;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** The backups and the archived log that an instance can be recovered by; each backup is opened when it is asked for, once. */
@ApplicationScoped
class RecoverySources {
    /** Of a server that says nothing else. */
    private static final int SEGMENT = 16 << 20;

    @Inject
    private Backups backups;

    @Inject
    private BackupSources sources;

    @Inject
    private Keyring keyring;

    @Inject
    private ArchivedLogs archives;

    /** What is stored of an instance, where it may be read, and what was opened so far. */
    record Stored(List<Backup> backups, ArchivedLogs.Held held, Opening opening) {
        ArchivedLog archive() {
            return held.log();
        }

        BackupSources.Source open(Backup backup) {
            return opening.of(backup);
        }

        /** Why a backup or its log is not read where it would be first; a sentence each. */
        List<String> notes() {
            return opening.notes;
        }

        RecoveryPlanner planner() {
            return new RecoveryPlanner(candidates(), archive());
        }

        /** With what one backup's manifest says in place of the catalogue's word of it. */
        RecoveryPlanner planner(Candidate exact) {
            return planner(exact, archive());
        }

        /** The same, by all log that the catalogue counts as stored where it is read: none of that need be listed. */
        RecoveryPlanner asCatalogued(Candidate exact) {
            return planner(exact, held.asCatalogued());
        }

        private RecoveryPlanner planner(Candidate exact, ArchivedLog log) {
            return new RecoveryPlanner(
                    candidates().stream()
                            .map(each -> each.backup().equals(exact.backup()) ? exact : each)
                            .toList(),
                    log);
        }

        /** As the catalogue knows them: that the last segment is whole is for the manifest of the chosen one to say. */
        private List<Candidate> candidates() {
            return backups.stream()
                    .map(backup -> {
                        Lsn expected = Lsn.parse(backup.recoveryLsn());
                        return new Candidate(
                                backup.id(),
                                backup.systemIdentifier(),
                                backup.timeline(),
                                Lsn.parse(backup.startLsn()),
                                Lsn.parse(backup.stopLsn()),
                                expected,
                                expected.segmentEnd(archive().segmentBytes()),
                                backup.endedAt());
                    })
                    .toList();
        }

        Backup of(Candidate candidate) {
            return backups.stream()
                    .filter(backup -> backup.id().equals(candidate.backup()))
                    .findFirst()
                    .orElseThrow();
        }
    }

    /** Opens each backup once. */
    final class Opening {
        private final ProjectId project;
        private final BackupSources.Reading reading;
        private final BackupKeys keys;
        private final List<String> notes = new ArrayList<>();
        private final Map<UUID, BackupSources.Source> opened = new HashMap<>();

        Opening(ProjectId project, BackupSources.Reading reading) {
            this.project = project;
            this.reading = reading;
            this.keys = reading.keys() == null ? keyring.of(project) : reading.keys();
        }

        BackupSources.Source of(Backup backup) {
            BackupSources.Source known = opened.get(backup.id());
            if (known == null) {
                known = sources.open(project, backup, reading, keys, notes::add);
                opened.put(backup.id(), known);
            }
            return known;
        }
    }

    /**
     * Of the cluster of the newest one, or of this one: an instance's address may have held another before.
     *
     * @param only counts as restorable, whatever the catalogue says
     */
    Stored of(ProjectId project, UUID instance, @Nullable Backup only, BackupSources.Reading reading) {
        List<Backup> all = new ArrayList<>(backups.restorable(project, instance));
        if (reading.store() != null) {
            Map<UUID, List<CopyRepository.Place>> places =
                    sources.places(project, all.stream().map(Backup::id).toList());
            all.removeIf(backup -> places.getOrDefault(backup.id(), List.of()).stream()
                    .noneMatch(place -> place.store().equals(reading.store())));
        }
        if (only != null && all.stream().noneMatch(backup -> backup.id().equals(only.id()))) {
            all.add(only);
        }
        Opening opening = new Opening(project, reading);
        if (all.isEmpty()) {
            return new Stored(List.of(), none(SEGMENT), opening);
        }
        Backup first = only == null ? all.get(0) : only;
        Optional<ArchivedLogs.Held> held =
                archives.of(project, instance, first.systemIdentifier(), reading, opening.keys);
        held.ifPresent(found -> opening.notes.addAll(found.notes()));
        List<Backup> ofCluster = all.stream()
                .filter(backup -> backup.systemIdentifier().equals(first.systemIdentifier()))
                .toList();
        Lsn from = ofCluster.stream()
                .map(backup -> Lsn.parse(backup.startLsn()))
                .min(Comparator.naturalOrder())
                .orElse(Lsn.NONE);
        return new Stored(
                ofCluster,
                held.map(found -> found.from(from))
                        .orElseGet(() -> none(
                                opening.of(first).reader().manifest().source().walSegmentBytes())),
                opening);
    }

    private static ArchivedLogs.Held none(int segmentBytes) {
        return new ArchivedLogs.Held(ArchivedLog.none(segmentBytes), List.of(), List.of(), null, List.of());
    }
}
