package dev.nightshift.backup;

import dev.nightshift.backup.read.ArchivedLog;
import dev.nightshift.backup.stored.WalFolder;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.fleet.Instance;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Enters archived logs that lie in the stores and are in no catalogue, and copies of logs. */
@ApplicationScoped
class RebuildLogs {
    private static final int MOST_STRETCHES = 10_000;

    private static final Comparator<ArchivedLog.Stretch> FURTHEST =
            Comparator.comparing(ArchivedLog.Stretch::timeline).thenComparing(ArchivedLog.Stretch::to);

    @Inject
    private Transactions transactions;

    @Inject
    private RebuildRepository repository;

    @Inject
    private WalRepository logs;

    @Inject
    private LogCopyRepository copies;

    @Inject
    private LogPlaces apart;

    @Inject
    private Stores stores;

    @Inject
    private Clock clock;

    /** Hears of what is not entered. */
    interface Notes {
        /** It stays as it is. */
        void left(RebuildCatalogue.Place place, Failure why);

        /** Its store does not answer. */
        void away(RebuildCatalogue.Place place, Failure why);

        /** The stores that were not looked through, in words; null if all were. */
        @Nullable
        String notSeen();
    }

    /** How many were. */
    record Entered(long logs, long copies) {}

    /** One that opens. */
    private record Opened(RebuildCatalogue.Place place, RebuildRepository.Log log) {
        UUID id() {
            return log.description().id();
        }

        ArchivedLog.Stretch last() {
            return RebuildLogs.last(log.parts());
        }

        /** Of the log, in bytes; two that end alike may have gaps. */
        long length() {
            return log.parts().stream()
                    .map(RebuildRepository.Part::stretch)
                    .mapToLong(each -> each.to().value() - each.from().value())
                    .sum();
        }
    }

    /**
     * Of one that lies in several stores the one that goes furthest is the log, and the others are its copies. What a store holds
     * that was not looked through may go further still: while there is one, none is entered as the log.
     */
    Entered enter(
            TargetRun target,
            ProjectKeys keys,
            RegisteredServers servers,
            List<RebuildCatalogue.Place> places,
            Notes notes) {
        List<Opened> opened = new ArrayList<>();
        for (RebuildCatalogue.Place place : places) {
            target.throwIfStopped();
            try {
                opened.add(new Opened(place, open(place, keys, servers)));
            } catch (Failure.Retryable | Failure.Unusable e) {
                notes.away(place, e);
            } catch (Failure.Fatal | Failure.NotFound e) {
                notes.left(place, e);
            }
        }
        opened.sort(Comparator.comparing(Opened::id)
                .thenComparing(Opened::last, FURTHEST.reversed())
                .thenComparing(Opened::length, Comparator.reverseOrder()));
        List<RebuildRepository.Log> all = own(target, servers, opened);
        long entered = 0;
        long enteredCopies = 0;
        for (Opened each : opened) {
            target.throwIfStopped();
            Instance instance = servers.find(
                    each.log().description().systemIdentifier(),
                    each.log().description().instanceName());
            if (instance == null) {
                continue;
            }
            Optional<WalRepository.Archive> known = known(target, instance, each.id());
            String notSeen = notes.notSeen();
            try {
                if (known.isPresent()) {
                    enterCopy(target, known.get(), each.log(), keys);
                    enteredCopies++;
                } else if (notSeen != null) {
                    throw new Failure.Fatal(
                            "it may be a copy that another store has more of, and " + notSeen
                                    + " was not looked through.",
                            "Look through all stores. Let an installation admin declare one lost that is lost for good.",
                            null);
                } else {
                    enter(target, each.log(), instance, all);
                    entered++;
                }
            } catch (Failure.Retryable | Failure.Unusable e) {
                notes.away(each.place(), e);
            } catch (Failure.Fatal | Failure.NotFound e) {
                notes.left(each.place(), e);
            }
        }
        return new Entered(entered, enteredCopies);
    }

    /** Those that are logs themselves: a copy of the log that came next, beside the one before it, does not end that. */
    private List<RebuildRepository.Log> own(TargetRun target, RegisteredServers servers, List<Opened> furthestFirst) {
        Map<UUID, RebuildRepository.Log> own = new LinkedHashMap<>();
        for (Opened each : furthestFirst) {
            WalFolder of = each.log().description();
            Instance instance = servers.find(of.systemIdentifier(), of.instanceName());
            if (instance != null && known(target, instance, each.id()).isEmpty()) {
                own.putIfAbsent(each.id(), each.log());
            }
        }
        return List.copyOf(own.values());
    }

    private Optional<WalRepository.Archive> known(TargetRun target, Instance instance, UUID archive) {
        return transactions.in(
                target.project(),
                connection -> logs.archives(connection, instance.id()).stream()
                        .filter(each -> each.id().equals(archive))
                        .findFirst());
    }

    /** @throws Failure.Fatal if it cannot be entered */
    private static RebuildRepository.Log open(
            RebuildCatalogue.Place place, ProjectKeys keys, RegisteredServers servers) {
        WalFolder.Opened archive =
                WalFolder.open(place.store(), place.described().folder(), keys);
        WalFolder of = archive.description();
        if (!of.id().equals(place.described().id())) {
            throw new Failure.Fatal("in it lies archive " + of.id() + ".", null, null);
        }
        if (servers.find(of.systemIdentifier(), of.instanceName()) == null) {
            throw new Failure.Fatal(unregistered(of.instanceName(), of.systemIdentifier()), null, null);
        }
        var log = new RebuildRepository.Log(of, place.name(), place.described().folder(), LogParts.parts(archive));
        if (log.parts().isEmpty()) {
            throw new Failure.Fatal("it holds no log.", null, null);
        }
        return log;
    }

    static String unregistered(String name, String system) {
        return "its server " + name + ", cluster " + system
                + ", is not registered in this project. Register it under this name, reachable or not, and run this again.";
    }

    private void enter(
            TargetRun target, RebuildRepository.Log log, Instance instance, List<RebuildRepository.Log> others) {
        WalFolder of = log.description();
        String ended = ended(target, log, instance, others);
        target.store(connection -> repository.enter(connection, instance.id(), log, ended));
        target.info("Entered the archived log " + of.id() + " of " + instance.name() + " from " + log.store() + ", "
                + log.parts().size() + " stretches up to "
                + log.parts().get(log.parts().size() - 1).stretch().to() + (ended == null ? "." : ". " + ended));
    }

    /**
     * That it is there, and nothing of what it holds: no object of it was read, and the job copy reads what is not known.
     *
     * @throws Failure.Fatal if it is no copy, or goes further than the log itself
     */
    private void enterCopy(
            TargetRun target, WalRepository.Archive archive, RebuildRepository.Log log, ProjectKeys keys) {
        if (!archive.location().equals(log.folder())) {
            throw new Failure.Fatal(
                    "it is a copy of the log " + archive.id() + ", in another folder than that has.", null, null);
        }
        ArchivedLog.Stretch last = last(log.parts());
        own(log.store(), archive, keys).ifPresent(own -> {
            if (FURTHEST.compare(last, own) > 0) {
                throw new Failure.Fatal(
                        "it holds the log " + archive.id() + " up to " + last.to() + ", and the store "
                                + archive.store() + ", which is known to hold the log itself, up to " + own.to() + ".",
                        "Keep both.",
                        null);
            }
        });
        UUID id = Ids.next(clock);
        target.store(connection -> {
            UUID copy = copies.begin(
                    connection, id, target.project(), target.runId(), archive.id(), log.store(), log.folder());
            copies.described(connection, copy);
        });
        target.info("Entered the copy of the archived log " + archive.id() + " in " + log.store()
                + ", by its names up to " + last.to() + ". The job copy reads and compares it.");
    }

    /** The end of the log itself; empty if it is not in its store any more. */
    private Optional<ArchivedLog.Stretch> own(String store, WalRepository.Archive archive, ProjectKeys keys) {
        try {
            apart.requireApart(store, archive);
            List<RebuildRepository.Part> parts =
                    LogParts.parts(WalFolder.open(stores.of(archive.store()), archive.location(), keys));
            return parts.isEmpty() ? Optional.empty() : Optional.of(last(parts));
        } catch (Failure.NotFound e) {
            return Optional.empty();
        }
    }

    private static ArchivedLog.Stretch last(List<RebuildRepository.Part> parts) {
        return parts.get(parts.size() - 1).stretch();
    }

    /** Of the same cluster and store, those of the catalogue and those that are entered with it. */
    private @Nullable String ended(
            TargetRun target, RebuildRepository.Log log, Instance instance, List<RebuildRepository.Log> others) {
        List<ArchivedLog.Stretch> newer = new ArrayList<>();
        WalFolder of = log.description();
        others.stream()
                .filter(other -> other.store().equals(log.store())
                        && other.description().systemIdentifier().equals(of.systemIdentifier())
                        && other.description().id().compareTo(of.id()) > 0)
                .forEach(other -> other.parts().forEach(part -> newer.add(part.stretch())));
        transactions.run(target.project(), connection -> {
            for (WalRepository.Archive known : logs.archives(connection, instance.id())) {
                if (known.store().equals(log.store())
                        && known.systemIdentifier().equals(of.systemIdentifier())
                        && known.id().compareTo(of.id()) > 0) {
                    logs.stretches(connection, known.id(), MOST_STRETCHES)
                            .forEach(stretch -> newer.add(
                                    new ArchivedLog.Stretch(stretch.timeline(), stretch.from(), stretch.to())));
                }
            }
        });
        return LogParts.ended(
                log.parts().stream().map(RebuildRepository.Part::stretch).toList(), newer);
    }
}
