package dev.nightshift.backup.stores;

import dev.nightshift.backup.remote.RemoteStore;
import dev.nightshift.backup.stored.BucketLock;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Secret;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.kernel.Roots;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.stream.Stream;
import org.eclipse.microprofile.config.Config;
import org.jspecify.annotations.Nullable;

/** The stores of this installation: the folder {@code local}, which is always there, and those that were defined. */
@ApplicationScoped
public class Stores {
    /** The name that the catalogue keeps for the folder of NIGHTSHIFT_STORE. */
    public static final String LOCAL = "local";

    /** In place of a store's name: all that a backup lies in. */
    public static final String EACH = "each-store";

    @Inject
    private Config config;

    @Inject
    private StoreRepository repository;

    @Inject
    private LostStores lost;

    @Inject
    private Fleet fleet;

    @Inject
    private Event<Measured> measured;

    private final Map<String, Opened> opened = new ConcurrentHashMap<>();

    /** By what it was opened; another definition opens another one. */
    private record Opened(StoreDefinition definition, RemoteStore store) {}

    /**
     * The store of that name. Its definition and secret are looked up each time, so that whoever changes them need not
     * restart anything; what is at work keeps the one that it has.
     *
     * @throws Failure.NotFound if there is none
     * @throws Failure.Skippable if what opens it is not to be had on this node
     * @throws Failure.Fatal if it cannot be opened, or is declared lost
     */
    public Store of(String name) {
        if (lost.all().containsKey(name)) {
            throw new Failure.Fatal(
                    "The store " + name + " is declared lost.",
                    "Use another store; or, if this one is there again, let an installation admin take that back.",
                    null);
        }
        return found(name);
    }

    /** Whether somebody has declared it lost for good. */
    public boolean isLost(String name) {
        return lost.all().containsKey(name);
    }

    /** The same, lost or not. */
    Store found(String name) {
        return name.equals(LOCAL) ? local() : open(definition(name));
    }

    /** NIGHTSHIFT_STORE, else the folder {@code store} in NIGHTSHIFT_DATA. */
    private Store local() {
        return new FolderStore(title(LOCAL), localFolder());
    }

    private Path localFolder() {
        return config.getOptionalValue("nightshift.store", Path.class)
                .orElseGet(() -> config.getOptionalValue("nightshift.data", Path.class)
                        .orElse(Path.of(".nightshift"))
                        .resolve("store"))
                .toAbsolutePath();
    }

    static String title(String name) {
        return "store " + name;
    }

    /**
     * For how long a store locks what lies in it, fired when that was measured.
     *
     * @param lockDays that it is defined with; 0 for none
     */
    public record Measured(String store, int lockDays, BucketLock lock) {}

    /**
     * Measures for how long a store that is to lock what lies in it does; nothing of others.
     *
     * @throws Failure if it does not say
     */
    public void measureLock(String name) {
        if (name.equals(LOCAL)) {
            return;
        }
        StoreDefinition definition = definition(name);
        if (definition.kind() != StoreDefinition.Kind.FOLDER
                && open(definition) instanceof RemoteStore store
                && store.deletions().canLock()) {
            if (definition.lockDays() > 0) {
                measured(name, definition.lockDays(), store.deletions().bucketLock());
            } else {
                measured(name, 0, BucketLock.NONE);
            }
        }
    }

    void measured(String name, int lockDays, BucketLock lock) {
        if (lockDays > 0) {
            repository.lockMeasured(name);
        }
        measured.fire(new Measured(name, lockDays, lock));
    }

    /**
     * Whether a store is to lock what lies in it, and since when that was not measured.
     *
     * @param lockDays that it is defined with; 0 for none
     * @param measuredAt what the service said then is known; until it was asked, when it was defined so
     * @param age of that, by the repository's clock
     */
    public record Locking(String store, int lockDays, Instant measuredAt, Duration age) {}

    /** Of every store that is defined, lost or not. */
    public List<Locking> locking() {
        return repository.locking();
    }

    /** The names of all, {@code local} first. */
    public List<String> names() {
        return Stream.concat(
                        Stream.of(LOCAL),
                        repository.all().stream().map(store -> store.name().value()))
                .toList();
    }

    /** The names of those that are not declared lost. */
    public List<String> present() {
        Set<String> gone = lost.all().keySet();
        return names().stream().filter(name -> !gone.contains(name)).toList();
    }

    /**
     * Where a store is, for people who have to find it without Nightshift; nothing of what opens it.
     *
     * @param place a folder, or a bucket with what it takes to reach it
     */
    public record Place(String name, String kind, String place) {}

    /** All of them, {@code local} first. */
    public List<Place> places() {
        return Stream.concat(
                        Stream.of(new Place(
                                LOCAL,
                                StoreDefinition.Kind.FOLDER.name(),
                                localFolder().toString())),
                        repository.all().stream().map(StoreDefinition::place))
                .toList();
    }

    /**
     * Lets pass the name of a store that a run's parameters give.
     *
     * @throws Failure.Invalid if there is none of it
     */
    public void require(String field, String name) {
        if (!name.equals(LOCAL) && repository.find(name).isEmpty()) {
            throw unknown(field, name);
        }
    }

    /**
     * The same, and nobody deletes it until the caller's transaction of the project ends.
     *
     * @throws Failure.Invalid if there is none of it
     */
    public void hold(ProjectId project, String field, String name) {
        if (!name.equals(LOCAL) && !repository.hold(project, name)) {
            throw unknown(field, name);
        }
    }

    private Failure.Invalid unknown(String field, String name) {
        return new Failure.Invalid(
                field, "There is no store \"" + name + "\"; there are " + String.join(", ", names()) + ".");
    }

    StoreDefinition definition(String name) {
        return repository.find(name).orElseThrow(() -> unknown(name));
    }

    static Failure.NotFound unknown(String name) {
        return new Failure.NotFound("There is no store \"" + name + "\".");
    }

    /** As described, whether that is kept or not. */
    Store open(StoreDefinition definition) {
        if (definition.kind() == StoreDefinition.Kind.FOLDER) {
            try {
                return new FolderStore(title(definition.name().value()), confined(definition.folder()));
            } catch (Failure.Invalid e) {
                throw new Failure.Fatal(
                        "The store " + definition.name() + " cannot be used on this node: " + e.getMessage(),
                        "Let NIGHTSHIFT_STORE_ROOTS of every node name its folder.",
                        e);
            }
        }
        // One that is replaced may still be at work: it is left to itself, with the little memory that it has
        return opened.compute(definition.name().value(), (name, before) -> {
                    if (before != null && before.definition().equals(definition)) {
                        before.store().renew();
                        return before;
                    }
                    return new Opened(
                            definition,
                            RemoteStore.open(
                                    title(name),
                                    definition.address(),
                                    () -> secret(definition.secret()),
                                    deleting(definition),
                                    fleet.boundary().forbidden()));
                })
                .store();
    }

    /** Whose secret is looked at when something is deleted, and not before. */
    private RemoteStore.@Nullable Login deleting(StoreDefinition definition) {
        return definition.deleting().isNone()
                ? null
                : new RemoteStore.Login(
                        definition.deletingAddress(),
                        () -> secret(definition.deleting().secret()));
    }

    private @Nullable String secret(Secret named) {
        if (named instanceof Secret.Variable variable) {
            return Secret.reading(variable).get();
        }
        if (named instanceof Secret.File file) {
            String text = Secret.readingAll(file.path(), fleet.boundary()).get();
            // JSON has many lines; of anything else the first one counts, as in every file with a secret
            return text.startsWith("{") ? text : text.lines().findFirst().orElse(text);
        }
        return null;
    }

    /**
     * The folder, if it lies below one of NIGHTSHIFT_STORE_ROOTS.
     *
     * @throws Failure.Invalid naming the field
     */
    Path confined(String folder) {
        Optional<String> named = config.getOptionalValue("nightshift.store.roots", String.class);
        if (named.isEmpty()) {
            throw new Failure.Invalid(
                    "folder",
                    "This installation allows no folder for stores: NIGHTSHIFT_STORE_ROOTS names none. Whoever runs"
                            + " Nightshift decides.");
        }
        return Roots.of(named, Path.of("/nowhere")).confined("folder", folder);
    }

    @PreDestroy
    void close() {
        opened.values().forEach(each -> each.store().close());
    }
}
