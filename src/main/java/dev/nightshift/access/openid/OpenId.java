package dev.nightshift.access.openid;

import dev.nightshift.kernel.TypedSettings;
import jakarta.annotation.PostConstruct;
import jakarta.enterprise.context.ApplicationScoped;
import java.util.Optional;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jspecify.annotations.Nullable;

/** The provider of this installation, if it has one. */
@ApplicationScoped
class OpenId {
    private @Nullable OpenIdConfig config;
    private @Nullable Provider provider;

    @PostConstruct
    void read() {
        config = OpenIdConfig.of(
                        new TypedSettings(name -> ConfigProvider.getConfig().getOptionalValue(name, String.class)))
                .orElse(null);
        provider = config == null ? null : new Provider(config);
    }

    Optional<OpenIdConfig> config() {
        return Optional.ofNullable(config);
    }

    Optional<Provider> provider() {
        return Optional.ofNullable(provider);
    }
}
