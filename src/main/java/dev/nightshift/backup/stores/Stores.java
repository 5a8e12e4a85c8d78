package dev.nightshift.backup.stores;

import dev.nightshift.backup.remote.RemoteStore;
import dev.nightshift.backup.stored.FolderStore;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Secret;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Roots;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.Optional;
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
    private Fleet fleet;

    private final Map<String, Opened> opened = new ConcurrentHashMap<>();

    /** By what it was opened; another definition opens another one. */
    private record Opened(StoreDefinition definition, RemoteStore store) {}

    /**
     * The store of that name. Its definition and secret are looked up each time, so that whoever changes them need not
     * restart anything; what is at work keeps the one that it has.
     *
     * @throws Failure.NotFound if there is none
     * @throws Failure.Skippable if what opens it is not to be had on this node
     * @throws Failure.Fatal if it cannot be opened
     */
    public Store of(String name) {
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

    /** The names of all, {@code local} first. */
    public List<String> names() {
        return Stream.concat(
                        Stream.of(LOCAL),
                        repository.all().stream().map(store -> store.name().value()))
                .toList();
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
            throw new Failure.Invalid(
                    field, "There is no store \"" + name + "\"; there are " + String.join(", ", names()) + ".");
        }
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
                                    () -> secret(definition),
                                    fleet.boundary().forbidden()));
                })
                .store();
    }

    private @Nullable String secret(StoreDefinition definition) {
        if (definition.secret() instanceof Secret.Variable variable) {
            return Secret.reading(variable).get();
        }
        if (definition.secret() instanceof Secret.File file) {
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
