package dev.nightshift.vault;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import org.eclipse.microprofile.config.Config;
import org.jspecify.annotations.Nullable;

/**
 * Every project's keys, opened with the installation's master key.
 *
 * <p>The first start stores the master key's fingerprint; a later one with another key, or with none, opens nothing: the
 * server answers every request with 503 and never becomes ready, because what it wrote would not open with the right
 * key.
 */
@ApplicationScoped
public class Keyring {
    private static final System.Logger LOG = System.getLogger(Keyring.class.getName());

    private final Map<ProjectId, ProjectKeys> opened = new ConcurrentHashMap<>();

    @Inject
    private Transactions transactions;

    @Inject
    private KeyringRepository repository;

    @Inject
    private Config config;

    private volatile @Nullable MasterKey master;
    private volatile Failure.@Nullable Fatal refused;

    void atStart(@Observes @Initialized(ApplicationScoped.class) Object started) {
        try {
            check();
        } catch (Failure.Retryable e) {
            LOG.log(System.Logger.Level.WARNING, "nightshift: the master key is not checked yet: " + e.getMessage());
        } catch (Failure.Fatal e) {
            LOG.log(System.Logger.Level.ERROR, "nightshift: " + e.getMessage() + " " + e.remedy());
        }
    }

    /**
     * Makes sure that the master key is there and the right one; cheap once that is known.
     *
     * @throws Failure.Fatal if it is missing, unreadable or another than at first start; only a restart helps
     * @throws Failure.Retryable if the repository database, which knows the fingerprint, is away
     */
    public void check() {
        masterKey();
    }

    private MasterKey masterKey() {
        MasterKey known = master;
        return known != null ? known : checked();
    }

    private synchronized MasterKey checked() {
        if (refused != null) {
            throw refused;
        }
        if (master != null) {
            return master;
        }
        try {
            MasterKey given = VaultConfig.of(name -> config.getOptionalValue(name, String.class))
                    .masterKey();
            given.mustBe(repository.fingerprint(given));
            master = given;
            return given;
        } catch (Failure.Fatal e) {
            refused = e;
            throw e;
        }
    }

    /**
     * The project's keys.
     *
     * @throws Failure.Fatal if they do not open with this master key
     * @throws Failure.Retryable if the repository database is away
     */
    public ProjectKeys of(ProjectId project) {
        MasterKey key = masterKey();
        ProjectKeys known = opened.get(project);
        if (known != null) {
            return known;
        }
        String wrapped = transactions
                .in(project, connection -> repository.wrapped(connection, project))
                .orElseThrow(() -> new Failure.NotFound("Project " + project + " has no keys."));
        ProjectKeys keys = ProjectKeys.unwrap(project, wrapped, key);
        opened.put(project, keys);
        return keys;
    }

    /** Makes the keys of a new project, in the transaction that registers it; they are opened when first asked for. */
    public void create(ProjectId project) {
        MasterKey master = masterKey();
        String wrapped = ProjectKeys.generate(project).wrap(master);
        transactions.run(project, connection -> repository.store(connection, project, wrapped, master));
    }
}
