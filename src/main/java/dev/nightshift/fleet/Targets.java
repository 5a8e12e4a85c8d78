package dev.nightshift.fleet;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Roots;
import dev.nightshift.kernel.TypedSettings;
import dev.nightshift.postgres.Boundary;
import dev.nightshift.postgres.Standing;
import dev.nightshift.postgres.TargetPools;
import jakarta.annotation.PreDestroy;
import jakarta.annotation.Resource;
import jakarta.enterprise.concurrent.ManagedScheduledExecutorService;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.event.Event;
import jakarta.enterprise.inject.Disposes;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Inject;
import jakarta.inject.Singleton;
import java.nio.file.Path;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.ThreadPoolExecutor;
import java.util.concurrent.TimeUnit;
import org.eclipse.microprofile.config.Config;

/** Gives every bean the node's one set of target pools, with the configured settings. */
@ApplicationScoped
class Targets {
    @Resource
    @SuppressWarnings("NullAway.Init")
    private ManagedScheduledExecutorService scheduler;

    /** Members of clusters that are asked at once; more wait. Not the server's own threads: a network that is away would take them all. */
    private static final int ASKING = 16;

    private final ThreadPoolExecutor asking =
            new ThreadPoolExecutor(ASKING, ASKING, 30, TimeUnit.SECONDS, new LinkedBlockingQueue<>(), work -> {
                Thread thread = new Thread(work, "nightshift-members");
                thread.setDaemon(true);
                return thread;
            });

    @Inject
    private Config config;

    @Inject
    private Event<ClusterSeen> clusters;

    @Produces
    @Singleton
    TargetPools pools(Clock clock) {
        return new TargetPools(config().pools(), clock, scheduler);
    }

    void close(@Disposes TargetPools pools) {
        pools.close();
    }

    @Produces
    @Singleton
    Primaries primaries(Clock clock) {
        asking.allowCoreThreadTimeOut(true);
        return new Primaries(clock, scheduler, asking, Standing::look, clusters::fire);
    }

    @PreDestroy
    void close() {
        asking.shutdownNow();
    }

    /** What every connection keeps to. The demo's password lies among Nightshift's own secrets. */
    Boundary boundary() {
        FleetConfig config = config();
        Roots files = this.config
                .getOptionalValue("nightshift.demo.password.file", Path.class)
                .map(config.credentials()::and)
                .orElse(config.credentials());
        return new Boundary(config.forbidden(), files);
    }

    FleetConfig config() {
        return FleetConfig.of(new TypedSettings(name -> config.getOptionalValue(name, String.class)));
    }
}
