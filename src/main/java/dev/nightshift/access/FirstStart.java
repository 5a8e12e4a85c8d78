package dev.nightshift.access;

import dev.nightshift.kernel.Failure;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedScheduledExecutorService;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.context.Initialized;
import jakarta.enterprise.event.Observes;
import jakarta.inject.Inject;
import java.util.concurrent.TimeUnit;

/** Makes the first person and the first key, so that somebody can log in at all. Later starts find them and do nothing. */
@ApplicationScoped
class FirstStart {
    private static final System.Logger LOG = System.getLogger(FirstStart.class.getName());

    /** How long to wait for a repository that is away before asking again. */
    private static final int RETRY_SECONDS = 5;

    @Inject
    private People people;

    @Inject
    private Passwords passwords;

    @Inject
    private Keys keys;

    @Resource
    @SuppressWarnings("NullAway.Init")
    private ManagedScheduledExecutorService executor;

    void started(@Observes @Initialized(ApplicationScoped.class) Object event) {
        prepare(AccessConfig.read());
    }

    private void prepare(AccessConfig config) {
        try {
            config.adminPassword().ifPresent(this::firstPerson);
            config.bootstrapKey().ifPresent(this::bootstrapKey);
        } catch (Failure.Retryable away) {
            LOG.log(System.Logger.Level.WARNING, "First start waits for the repository: {0}", away.getMessage());
            var unused = executor.schedule(() -> prepare(config), RETRY_SECONDS, TimeUnit.SECONDS);
        }
    }

    private void firstPerson(Secret password) {
        if (people.nobody()) {
            Passwords.check("NIGHTSHIFT_ADMIN_PASSWORD", password.value(), "admin");
            if (people.createFirst("admin", "Administrator", passwords.hash(password.value()))) {
                LOG.log(System.Logger.Level.INFO, "Created the installation admin \"admin\".");
            }
        }
    }

    private void bootstrapKey(Secret key) {
        if (keys.create(null, "bootstrap", null, key, "", null, "nightshift", null)
                .isPresent()) {
            LOG.log(System.Logger.Level.INFO, "Created the installation admin's API key \"bootstrap\".");
        }
    }
}
