package dev.nightshift.backup;

import dev.nightshift.audit.Audit;
import dev.nightshift.backup.proof.ProofOutcome;
import dev.nightshift.backup.proof.ProofRung;
import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.Verification;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Described;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.fleet.Database;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Instance;
import dev.nightshift.job.TargetBatchlet;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.Keyring;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.Dependent;
import jakarta.inject.Inject;
import jakarta.inject.Named;
import jakarta.json.Json;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Enters what the stores hold of a project and its catalogue lacks: backups after those that they need, then logs. Reads the stores
 * and changes nothing that lies in them; what cannot be entered is named and left as it is.
 */
@Named("rebuildCatalogue")
@Dependent
public class RebuildCatalogue extends TargetBatchlet {
    @Inject
    private Transactions transactions;

    @Inject
    private RebuildRepository repository;

    @Inject
    private BackupRepository backups;

    @Inject
    private BackupEntries entries;

    @Inject
    private CopyRepository copies;

    @Inject
    private RebuildLogs logs;

    @Inject
    private Stores stores;

    @Inject
    private Keyring keyring;

    @Inject
    private Fleet fleet;

    @Inject
    private Audit audit;

    @Inject
    private Live live;

    @Inject
    private Clock clock;

    @Override
    protected void work(TargetRun target) {
        Search search = new Search(target, keyring.of(target.project()));
        target.begin(RebuildJob.LIST);
        List<String> names =
                target.parameters().text(RebuildJob.STORE).map(List::of).orElseGet(stores::present);
        stores.names().stream()
                .filter(stores::isLost)
                .forEach(name -> target.warn("The store " + name
                        + " is declared lost, and not looked through: a log that another store has a copy of is entered from"
                        + " there."));
        names.forEach(search::look);
        target.done(RebuildJob.LIST, search.unknown.size() + " that the catalogue lacks");
        target.begin(RebuildJob.BACKUPS);
        target.done(RebuildJob.BACKUPS, search.enterBackups() + " entered");
        target.begin(RebuildJob.LOGS);
        target.done(RebuildJob.LOGS, search.enterLogs() + " entered");
        search.conclude();
    }

    /** Something that lies in a store and is in no catalogue. */
    record Place(String name, Store store, Described described) {}

    /** A backup that opens. */
    private record Opened(Place place, BackupReader reader) {
        Manifest manifest() {
            return reader.manifest();
        }
    }

    private final class Search {
        private final TargetRun target;
        private final ProjectKeys keys;
        private final List<Place> unknown = new ArrayList<>();
        private final StoresAway away = new StoresAway();
        private final RegisteredServers servers;
        private long entered;
        private long enteredCopies;
        private long enteredLogs;
        private long enteredLogCopies;
        private long left;

        Search(TargetRun target, ProjectKeys keys) {
            this.target = target;
            this.keys = keys;
            this.servers = RegisteredServers.of(fleet, target.project());
        }

        void look(String name) {
            target.throwIfStopped();
            try {
                Store store = stores.of(name);
                List<Described> all = Described.in(store);
                Set<UUID> known = transactions.in(
                        target.project(),
                        connection -> repository.known(
                                connection,
                                name,
                                all.stream().map(Described::id).toList()));
                for (Described each : all) {
                    target.throwIfStopped();
                    if (!known.contains(each.id()) && isOurs(store, each)) {
                        unknown.add(new Place(name, store, each));
                    }
                }
            } catch (Failure.Retryable | Failure.Skippable | Failure.Fatal e) {
                away.add(name, e);
                target.error("The store " + name + " is left out: " + e.getMessage());
            }
        }

        private boolean isOurs(Store store, Described each) {
            try {
                return each.isOf(store, target.project());
            } catch (Failure.NotFound e) {
                return false; // deleted meanwhile
            } catch (Failure.Unusable e) {
                throw e; // the store refuses: nobody knows whose it is
            } catch (Failure.Fatal e) {
                target.warn("Larger than any description, and not looked at: " + e.getMessage());
                return false;
            }
        }

        private void left(Place place, String why) {
            left++;
            target.warn(place.described().folder() + " in the store " + place.name() + " is not entered: " + why);
        }

        private static String words(Failure e) {
            return e.remedy() == null ? e.getMessage() : e.getMessage() + " " + e.remedy();
        }

        long enterBackups() {
            List<Opened> opened = new ArrayList<>();
            for (Place place : unknown) {
                if (!place.described().log() && !away.has(place.name())) {
                    open(place).ifPresent(opened::add);
                }
            }
            opened.sort(Comparator.comparing(each -> each.manifest().startedAt()));
            for (int at = 0; at < opened.size(); at++) {
                target.throwIfStopped();
                target.progress(at, (long) opened.size(), "backups", null);
                Opened each = opened.get(at);
                try {
                    enter(each);
                } catch (Failure.Retryable | Failure.Unusable e) {
                    away(each.place(), e);
                } catch (Failure.Fatal | Failure.NotFound e) {
                    left(each.place(), words(e));
                }
            }
            return entered;
        }

        private void away(Place place, Failure e) {
            left(place, e.getMessage());
            away.add(place.name(), e);
        }

        private Optional<Opened> open(Place place) {
            target.throwIfStopped();
            try {
                BackupReader reader =
                        BackupReader.open(place.store(), place.described().folder(), keys);
                if (!reader.manifest().backup().equals(place.described().id())) {
                    left(place, "in it lies backup " + reader.manifest().backup() + ".");
                    return Optional.empty();
                }
                return Optional.of(new Opened(place, reader));
            } catch (Failure.Retryable | Failure.Unusable e) {
                away(place, e);
            } catch (Failure.Fatal | Failure.NotFound e) {
                left(place, words(e));
            }
            return Optional.empty();
        }

        private void enter(Opened opened) {
            Manifest manifest = opened.manifest();
            Place place = opened.place();
            Instance instance = servers.find(manifest.source().systemIdentifier(), manifest.instanceName());
            if (instance == null) {
                left(
                        place,
                        RebuildLogs.unregistered(
                                manifest.instanceName(), manifest.source().systemIdentifier()));
                return;
            }
            Verification found = opened.reader().verify(ProofLevel.STORED, BackupProgress.NONE);
            if (!found.passed(ProofLevel.STORED)) {
                left(place, found.damage() + ".");
                return;
            }
            var attempt = new BackupEntries.Attempt(
                    manifest.backup(), target.project(), instance.id(), target.runId(), databases(instance));
            Backup.StoredProof proof = proof(place.name(), manifest, found);
            boolean[] isNew = new boolean[1];
            target.store(connection -> {
                isNew[0] = entries.enter(
                        connection, attempt, place.name(), place.described().folder(), manifest);
                if (isNew[0]) {
                    entries.insert(connection, target.project(), manifest.backup(), proof);
                    live.changed(target.project(), "backup", manifest.backup());
                }
            });
            if (isNew[0]) {
                entered++;
                target.info("Entered the " + manifest.lineage().kind().word() + " backup " + manifest.backup() + " of "
                        + instance.name() + ", taken at " + manifest.startedAt() + ", from " + place.name() + ".");
            } else {
                enterCopy(place, manifest.backup());
            }
        }

        /** What was looked at now lies in another store than the catalogue has the backup in. */
        private void enterCopy(Place place, UUID id) {
            long bytes = place.store().list(place.described().folder() + "/").stream()
                    .mapToLong(Store.Entry::bytes)
                    .sum();
            boolean[] isNew = new boolean[1];
            target.store(connection -> {
                Backup known = backups.find(connection, id).orElse(null);
                isNew[0] = known != null
                        && !known.store().equals(place.name())
                        && known.location().equals(place.described().folder());
                if (known != null && isNew[0]) {
                    copies.copying(connection, Ids.next(clock), target.project(), target.runId(), known, place.name());
                    copies.made(connection, target.project(), target.runId(), id, place.name(), bytes);
                }
            });
            if (isNew[0]) {
                enteredCopies++;
                target.info("Entered the copy of backup " + id + " in " + place.name() + ".");
            } else {
                left(place, "it is deleted, or a copy of backup " + id + " in another folder than that has.");
            }
        }

        private List<String> databases(Instance instance) {
            return fleet.databasesOf(target.project(), instance.id()).stream()
                    .map(Database::name)
                    .map(name -> name.value())
                    .toList();
        }

        /** What was looked at now, and nothing of what was proven before. */
        private Backup.StoredProof proof(String store, Manifest manifest, Verification found) {
            ProofRung rung = new ProofRung(
                    ProofLevel.STORED,
                    ProofOutcome.PASSED,
                    clock.now(),
                    found.took(),
                    manifest.objects().size() + " objects of "
                            + manifest.figures().bytesStored() + " bytes",
                    Map.of(),
                    null,
                    null);
            return new Backup.StoredProof(
                    Ids.next(clock),
                    target.runId(),
                    store,
                    clock.now(),
                    0,
                    "PASSED",
                    null,
                    null,
                    Json.createArrayBuilder().add(ProofText.json(rung)).build().toString(),
                    "[]");
        }

        long enterLogs() {
            List<Place> found = unknown.stream()
                    .filter(place -> place.described().log() && !away.has(place.name()))
                    .toList();
            RebuildLogs.Entered sum = logs.enter(target, keys, servers, found, new RebuildLogs.Notes() {
                @Override
                public void left(Place place, Failure why) {
                    Search.this.left(place, words(why));
                }

                @Override
                public void away(Place place, Failure why) {
                    Search.this.away(place, why);
                }

                @Override
                public @Nullable String notSeen() {
                    if (!away.isEmpty()) {
                        return away.names();
                    }
                    String only = target.parameters().text(RebuildJob.STORE).orElse(null);
                    List<String> others = stores.present().stream()
                            .filter(name -> only != null && !name.equals(only))
                            .toList();
                    return others.isEmpty() ? null : String.join(", ", others);
                }
            });
            enteredLogs = sum.logs();
            enteredLogCopies = sum.copies();
            return enteredLogs + enteredLogCopies;
        }

        void conclude() {
            target.figure("backupsEntered", entered);
            target.figure("copiesEntered", enteredCopies);
            target.figure("logsEntered", enteredLogs);
            target.figure("logCopiesEntered", enteredLogCopies);
            target.figure("notEntered", left);
            if (entered + enteredCopies + enteredLogs + enteredLogCopies > 0) {
                target.store(connection -> audit.record(
                        target.project(),
                        "catalogue.rebuild",
                        "run " + target.runId(),
                        Map.of(
                                "backups", entered,
                                "copies", enteredCopies,
                                "logs", enteredLogs,
                                "logCopies", enteredLogCopies)));
            }
            if (!away.isEmpty()) {
                throw away.failure(
                        "Not looked through: " + away.names() + ".",
                        "Restart the run when the store answers: what is entered stays.");
            }
            if (left > 0) {
                target.warn(left + " folders of the stores are not entered, and were left as they are.");
            }
        }
    }
}
