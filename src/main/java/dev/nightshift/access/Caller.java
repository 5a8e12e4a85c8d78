package dev.nightshift.access;

import jakarta.enterprise.context.RequestScoped;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Who sent the running REST request. Batch threads have no request: there nobody is {@link #known()}. */
@RequestScoped
public class Caller {
    /** A person who logged in, or a program with an API key. */
    public enum Kind {
        PERSON,
        KEY
    }

    private @Nullable Identity identity;
    private @Nullable String address;

    void is(Identity who, String from) {
        identity = who;
        address = from;
    }

    /** Whether the request came with a login. */
    public boolean known() {
        return identity != null;
    }

    /** Everything about the caller at once; empty without a login. */
    public Optional<Identity> identity() {
        return Optional.ofNullable(identity);
    }

    /** The person's login name or the key's name. */
    public String name() {
        return required().name();
    }

    public Kind kind() {
        return required().kind();
    }

    /** May do everything, in every project. */
    public boolean installationAdmin() {
        return required().installationAdmin();
    }

    /** The id of the person or of the key. */
    public UUID id() {
        return required().id();
    }

    /** The network address that the request came from; null without a login. */
    public @Nullable String address() {
        return address;
    }

    private Identity required() {
        if (identity == null) {
            throw new IllegalStateException("Nobody is logged in; the login filter lets no such request through.");
        }
        return identity;
    }
}
