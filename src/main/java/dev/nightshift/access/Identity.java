package dev.nightshift.access;

import dev.nightshift.kernel.ProjectId;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * Somebody who has proved who they are.
 *
 * @param id the person's or the key's
 * @param name the person's login name or the key's name
 * @param keyProject the one project that a key opens; null for people and for keys of the installation
 * @param keyRole the key's role in that project
 * @param session the session's id, so that a change of password can spare the session that made it; null for keys
 */
public record Identity(
        UUID id,
        String name,
        Caller.Kind kind,
        boolean installationAdmin,
        @Nullable ProjectId keyProject,
        @Nullable Role keyRole,
        @Nullable UUID session) {}
