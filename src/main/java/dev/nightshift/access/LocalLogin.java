package dev.nightshift.access;

import jakarta.annotation.PostConstruct;
import jakarta.enterprise.context.ApplicationScoped;
import org.eclipse.microprofile.config.ConfigProvider;

/** Whether names and passwords log in. Keys do in any case. */
@ApplicationScoped
public class LocalLogin {
    /** NIGHTSHIFT_LOCAL_LOGIN; with false there has to be another login, which the OpenID settings look after. */
    public static final String SETTING = "nightshift.local.login";

    private boolean allowed;

    @PostConstruct
    void read() {
        allowed = ConfigProvider.getConfig()
                .getOptionalValue(SETTING, String.class)
                .map(text -> !text.strip().equalsIgnoreCase("false"))
                .orElse(true);
    }

    public boolean allowed() {
        return allowed;
    }
}
