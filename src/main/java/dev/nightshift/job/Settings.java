package dev.nightshift.job;

import dev.nightshift.kernel.TypedSettings;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Produces;
import jakarta.inject.Singleton;
import org.eclipse.microprofile.config.Config;

/** Gives every bean of the package the node's settings. */
@ApplicationScoped
class Settings {
    @Produces
    @Singleton
    JobConfig jobs(Config config) {
        return JobConfig.of(new TypedSettings(name -> config.getOptionalValue(name, String.class)));
    }
}
