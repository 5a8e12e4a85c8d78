package dev.nightshift.vault;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.kms.KmsConfig;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import org.eclipse.microprofile.config.Config;
import org.jspecify.annotations.Nullable;

/**
 * Every project's keys, opened with the installation's master key.
 *
 * <p>The first start stores the master key's fingerprint; a later one with another key, or with none, opens nothing: the
 * server answers every request with 503 and never becomes ready, because what it wrote would not open with the right
 * key. One that lies in a KMS is asked for again until it answers, and known from then on: what was opened stays open while the
 * KMS is away.
 */
@ApplicationScoped
public class Keyring {
    private static final System.Logger LOG = System.getLogger(Keyring.class.getName());

    /** In the place of a key's id. */
    public static final String WITH_THE_PROJECT = "";

    /** Far more than anybody keeps. */
    private static final int MOST = 100;

    /** A KMS that did not answer is left alone for so long. */
    private static final Duration REST = Duration.ofSeconds(10);

    /** For another thread that asks it. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final Map<ProjectId, Opened> opened = new ConcurrentHashMap<>();

    /** What the repository had, and what it holds. */
    private record Opened(String wrapped, ProjectKeys keys) {}

    @Inject
    private Transactions transactions;

    @Inject
    private KeyringRepository repository;

    @Inject
    private Config config;

    @Inject
    private Clock clock;

    private final ReentrantLock checking = new ReentrantLock();
    private volatile @Nullable MasterKey master;
    private volatile @Nullable Refusal refusal;

    /** @param until when it may be asked again; null if only a restart helps */
    private record Refusal(Failure failure, @Nullable Instant until) {}

    void atStart(@Observes @Initialized(ApplicationScoped.class) Object started) {
        try {
            check();
        } catch (Failure.Retryable e) {
            LOG.log(System.Logger.Level.WARNING, "nightshift: the master key is not checked yet: " + said(e));
        } catch (Failure.Fatal e) {
            LOG.log(System.Logger.Level.ERROR, "nightshift: " + said(e));
        }
    }

    private static String said(Failure failure) {
        String remedy = failure.remedy();
        return remedy == null ? failure.getMessage() : failure.getMessage() + " " + remedy;
    }

    /**
     * Makes sure that the master key is there and the right one; cheap once that is known.
     *
     * @throws Failure.Fatal if it is missing, unreadable or another than at first start; only a restart helps. Or if the KMS that has it
     *     says that it cannot be used, which is asked again
     * @throws Failure.Retryable if the repository database, which knows the fingerprint, or the KMS is away
     */
    public void check() {
        masterKey();
    }

    private MasterKey masterKey() {
        MasterKey known = master;
        return known != null ? known : checked();
    }

    private MasterKey checked() {
        refuse();
        if (!locked()) {
            throw new Failure.Retryable("The master key is being asked for.", "Try again in a moment.", null);
        }
        try {
            MasterKey known = master;
            if (known != null) {
                return known;
            }
            refuse();
            VaultConfig settings = settings();
            try {
                MasterKey right =
                        settings.kms().isPresent() ? inKms(settings.kms().get()) : local(settings.masterKey());
                master = right;
                return right;
            } catch (Failure.Retryable | Failure.Fatal e) {
                if (settings.kms().isPresent()) {
                    refusal = new Refusal(e, clock.now().plus(REST));
                } else if (e instanceof Failure.Fatal) {
                    refusal = new Refusal(e, null);
                }
                throw e;
            }
        } finally {
            checking.unlock();
        }
    }

    private boolean locked() {
        try {
            return checking.tryLock(PATIENCE.toMillis(), TimeUnit.MILLISECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            return false;
        }
    }

    private void refuse() {
        Refusal known = refusal;
        if (known != null && (known.until() == null || clock.now().isBefore(known.until()))) {
            throw known.failure();
        }
    }

    private VaultConfig settings() {
        try {
            VaultConfig settings = VaultConfig.of(name -> config.getOptionalValue(name, String.class));
            settings.requireOne();
            return settings;
        } catch (Failure.Fatal e) {
            refusal = new Refusal(e, null);
            throw e;
        }
    }

    private MasterKey local(LocalMasterKey given) {
        MasterKeyMark mark = repository.mark(given);
        mark.requireLocal();
        given.mustBe(mark.fingerprint());
        return given;
    }

    private MasterKey inKms(KmsConfig kms) {
        MasterKeyMark mark = repository.mark().orElseGet(() -> repository.mark(KmsMasterKey.begin(kms)));
        MasterKey right = KmsMasterKey.open(kms, mark.requireKms());
        right.mustBe(mark.fingerprint());
        LOG.log(System.Logger.Level.INFO, "nightshift: the master key is in " + kms.uri());
        return right;
    }

    /**
     * The project's keys as they are now: another node may have exchanged them.
     *
     * @throws Failure.Fatal if they do not open with this master key
     * @throws Failure.Retryable if the repository database is away, or the KMS and they were not opened before
     */
    public ProjectKeys of(ProjectId project) {
        MasterKey key = masterKey();
        String wrapped = transactions
                .in(project, connection -> repository.wrapped(connection, project))
                .orElseThrow(() -> unknown(project));
        return opened(project, wrapped, key);
    }

    private ProjectKeys opened(ProjectId project, String wrapped, MasterKey key) {
        Opened known = opened.get(project);
        if (known != null && known.wrapped().equals(wrapped)) {
            return known.keys();
        }
        refuse();
        try {
            ProjectKeys keys = ProjectKeys.unwrap(project, wrapped, key);
            opened.put(project, new Opened(wrapped, keys));
            return keys;
        } catch (Failure.Retryable e) {
            refusal = new Refusal(e, clock.now().plus(REST)); // else each request would wait for a KMS that is away
            throw e;
        }
    }

    private static Failure.NotFound unknown(ProjectId project) {
        return new Failure.NotFound("Project " + project + " has no keys.");
    }

    /**
     * Gives the project a new key for its backups, which wraps from now on; the old ones still open. In the caller's transaction,
     * or one of its own.
     *
     * @return the new key's id
     * @throws Failure.Conflict if it has so many that some should be destroyed first
     */
    public String rotate(ProjectId project) {
        return transactions.in(project, connection -> {
            ProjectKeys before = locked(connection, project);
            if (before.ids().size() >= MOST) {
                throw new Failure.Conflict(
                        "The project has " + MOST + " keys, the most that it may have.",
                        "Destroy those that open nothing any more.");
            }
            ProjectKeys after = before.rotated();
            replace(connection, before, after);
            return after.keyId();
        });
    }

    /**
     * Destroys a key. Whoever calls this has made sure, in the same transaction, that nothing that is kept opens by it.
     *
     * @throws Failure.NotFound if the project has no such key
     * @throws Failure.Conflict if it is the one that wraps
     */
    public void destroy(ProjectId project, String id) {
        transactions.run(project, connection -> {
            ProjectKeys before = locked(connection, project);
            requireOld(before, id);
            replace(connection, before, before.without(id));
        });
    }

    /**
     * Lets pass a key that could be destroyed.
     *
     * @throws Failure.NotFound if the project has no such key
     * @throws Failure.Conflict if it is the one that wraps
     */
    public static void requireOld(ProjectKeys keys, String id) {
        if (!keys.ids().contains(id)) {
            throw new Failure.NotFound("The project has no such key.");
        }
        if (keys.keyId().equals(id)) {
            throw new Failure.Conflict(
                    "Key " + id + " is the one that new backups are wrapped by.", "Rotate the project's keys first.");
        }
    }

    /**
     * Takes over the keys of a recovery kit: all of them for a project that has none, else those that it lacks. In the caller's
     * transaction, or one of its own.
     *
     * @param primary which of them wraps from now on, unless the project knows it: a repository that was brought back from an older
     *     copy would go on with a key that was rotated away. One that it had destroyed does not wrap again.
     * @return the ids of those that were taken over
     */
    public List<String> adopt(ExportedKeys kit, String primary) {
        ProjectId project = kit.project();
        MasterKey key = masterKey();
        return transactions.in(project, connection -> {
            if (repository.wrapped(connection, project).isEmpty()) {
                String wrapped = ProjectKeys.of(kit, primary).wrap(key);
                repository.store(connection, project, wrapped, key);
                repository.exported(connection, project, kit.ids());
                return List.copyOf(kit.ids());
            }
            ProjectKeys before = locked(connection, project);
            List<String> lacking =
                    kit.ids().stream().filter(id -> !before.ids().contains(id)).toList();
            if (!lacking.isEmpty()) {
                boolean newer =
                        !repository.dated(connection, project, "destroyed").containsKey(primary);
                replace(connection, before, before.with(kit, newer ? primary : before.keyId()));
            }
            repository.exported(connection, project, kit.ids());
            return lacking;
        });
    }

    /** Takes note that these keys are held outside, in a kit or a key file. */
    public void exported(ProjectId project, Collection<String> ids) {
        transactions.run(project, connection -> repository.exported(connection, project, ids));
    }

    /**
     * Why no older key may go yet: what is wrapped by a key that the repository alone holds is lost with it.
     *
     * @return empty if the primary key was exported, or put into a kit
     */
    public Optional<String> onlyHere(ProjectId project) {
        return transactions.in(project, connection -> {
            String primary = of(project).keyId();
            return repository.dated(connection, project, "exported").containsKey(primary)
                    ? Optional.empty()
                    : Optional.of("Key " + primary + ", which wraps from now on, is in no recovery kit.");
        });
    }

    /** When keys were first put into a kit or a key file, or came from a kit; those that never were are left out. */
    public Map<String, Instant> exported(ProjectId project) {
        return transactions.in(project, connection -> repository.dated(connection, project, "exported"));
    }

    /** When keys of the project were made, or taken over; under {@link #WITH_THE_PROJECT} for those that are not named. */
    public Map<String, Instant> made(ProjectId project) {
        return transactions.in(project, connection -> repository.made(connection, project));
    }

    private ProjectKeys locked(Connection connection, ProjectId project) throws SQLException {
        String wrapped = repository.lock(connection, project).orElseThrow(() -> unknown(project));
        return opened(project, wrapped, masterKey());
    }

    private void replace(Connection connection, ProjectKeys before, ProjectKeys after) throws SQLException {
        MasterKey key = masterKey();
        String wrapped = after.wrap(key);
        ProjectKeys.unwrap(after.project(), wrapped, key); // before the old form is gone
        repository.replace(connection, after.project(), wrapped, key);
        repository.note(connection, after.project(), before.ids(), after.ids());
    }

    /** Makes the keys of a new project, in the transaction that registers it; they are opened when first asked for. */
    public void create(ProjectId project) {
        MasterKey master = masterKey();
        String wrapped = ProjectKeys.generate(project).wrap(master);
        transactions.run(project, connection -> repository.store(connection, project, wrapped, master));
    }
}
