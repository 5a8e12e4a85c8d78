package dev.nightshift.vault;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import dev.nightshift.vault.kms.Kms;
import dev.nightshift.vault.kms.KmsConfig;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.time.Duration;
import java.time.Instant;
import java.util.Collection;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.ReentrantLock;
import java.util.function.Supplier;
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

    /** A KMS that did not answer is left alone for so long. */
    private static final Duration REST = Duration.ofSeconds(10);

    /** For another thread that asks it. */
    private static final Duration PATIENCE = Duration.ofSeconds(1);

    private final OpenedKeys opened = new OpenedKeys();

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

    /** Made once: each has connections and threads. Under {@link #checking}. */
    private @Nullable Kms kms;

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
                    rest(e);
                } else if (e instanceof Failure.Fatal) {
                    refusal = new Refusal(e, null);
                }
                throw e;
            } catch (RuntimeException e) {
                if (settings.kms().isEmpty()) {
                    throw e;
                }
                LOG.log(System.Logger.Level.ERROR, "nightshift: the KMS cannot be asked", e);
                Failure failure = new Failure.Unusable(
                        "The KMS cannot be asked, for a reason that Nightshift did not expect.",
                        "The server's log has the details. It is asked again.",
                        null);
                rest(failure);
                throw failure;
            }
        } finally {
            checking.unlock();
        }
    }

    private void rest(Failure failure) {
        refusal = new Refusal(failure, clock.now().plus(REST));
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

    private MasterKey inKms(KmsConfig settings) {
        Kms there = kms == null ? Kms.at(settings) : kms;
        kms = there;
        MasterKeyMark mark = repository.mark().orElseGet(() -> repository.mark(KmsMasterKey.begin(there)));
        MasterKey right = KmsMasterKey.open(there, mark.requireKms());
        right.mustBe(mark.fingerprint());
        LOG.log(System.Logger.Level.INFO, "nightshift: the master key is in " + settings.uri());
        return right;
    }

    /**
     * The project's keys as they are now: another node may have exchanged them.
     *
     * @throws Failure.Fatal if they do not open with this master key
     * @throws Failure.Retryable if the repository database is away, or the KMS and they were not opened before
     */
    public ProjectKeys of(ProjectId project) {
        return opened(project).keys();
    }

    /** @param wrapped as the repository has them */
    record Opened(String wrapped, ProjectKeys keys) {}

    /** The same, with the text that they were opened of. */
    Opened opened(ProjectId project) {
        MasterKey key = masterKey();
        String wrapped = transactions
                .in(project, connection -> repository.wrapped(connection, project))
                .orElseThrow(() -> unknown(project));
        Optional<ProjectKeys> known = opened.find(project, wrapped);
        if (known.isPresent()) {
            return new Opened(wrapped, known.get());
        }
        ProjectKeys keys = asked(() -> ProjectKeys.unwrap(project, wrapped, key));
        opened.keep(wrapped, keys);
        return new Opened(wrapped, keys);
    }

    /** Each request would wait for a KMS that is away, if it were not left alone. */
    private <T> T asked(Supplier<T> question) {
        refuse();
        try {
            return question.get();
        } catch (Failure.Retryable | Failure.Unusable e) {
            rest(e);
            throw e;
        }
    }

    /**
     * Whether opening keys may fail because a service is away: then they are better opened before they are needed.
     *
     * @throws Failure as {@link #check}
     */
    public boolean isInKms() {
        return masterKey().mark().kms().isPresent();
    }

    static Failure.NotFound unknown(ProjectId project) {
        return new Failure.NotFound("Project " + project + " has no keys.");
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
        String primary = of(project).keyId();
        return exported(project).containsKey(primary)
                ? Optional.empty()
                : Optional.of("Key " + primary + ", which wraps from now on, is in no recovery kit.");
    }

    /** When keys were first put into a kit or a key file, or came from a kit; those that never were are left out. */
    public Map<String, Instant> exported(ProjectId project) {
        return transactions.in(project, connection -> repository.dated(connection, project, "exported"));
    }

    /** When keys of the project were made, or taken over; under {@link #WITH_THE_PROJECT} for those that are not named. */
    public Map<String, Instant> made(ProjectId project) {
        return transactions.in(project, connection -> repository.made(connection, project));
    }

    /**
     * Makes the keys of a project that is about to be registered, before its transaction begins: a KMS may be slow to answer.
     *
     * @throws Failure.Retryable if the KMS is away
     */
    public NewKeys generate(ProjectId project) {
        return wrapped(ProjectKeys.generate(project));
    }

    /**
     * The same of a project that is made anew, with the keys of its recovery kit.
     *
     * @param primary which of them wraps from now on
     */
    public NewKeys generate(ExportedKeys kit, String primary) {
        return wrapped(ProjectKeys.of(kit, primary));
    }

    /**
     * Wraps keys that are to be stored.
     *
     * @throws IllegalStateException within a transaction, which a KMS that is slow would hold up
     */
    NewKeys wrapped(ProjectKeys keys) {
        transactions.requireNone();
        MasterKey key = masterKey();
        return new NewKeys(keys, asked(() -> keys.wrap(key)), key);
    }

    /** Stores the keys of a new project, in the transaction that registers it. */
    public void store(NewKeys made) {
        transactions.run(
                made.keys().project(),
                connection -> repository.store(connection, made.keys().project(), made.wrapped(), made.key()));
        keep(made);
    }

    /** In the transaction that stores them; if that is rolled back, they are found by nobody. */
    void keep(NewKeys made) {
        opened.keep(made.wrapped(), made.keys());
    }

    @PreDestroy
    void close() {
        checking.lock();
        try {
            if (kms != null) {
                kms.close();
            }
        } finally {
            checking.unlock();
        }
    }
}
