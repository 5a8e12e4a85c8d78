package dev.nightshift.access;

import dev.nightshift.kernel.Failure;
import jakarta.annotation.Priority;
import jakarta.annotation.security.PermitAll;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.ForbiddenException;
import jakarta.ws.rs.Priorities;
import jakarta.ws.rs.container.ContainerRequestContext;
import jakarta.ws.rs.container.ContainerRequestFilter;
import jakarta.ws.rs.container.ResourceInfo;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.ext.Provider;
import java.lang.reflect.Method;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/**
 * Checks the caller's role in the project that the path names, and hands the project on in {@link CurrentProject}. Where
 * the path names none, only the installation's admin changes anything, unless the method says {@link PermitAll}.
 */
@Provider
@Priority(Priorities.AUTHORIZATION)
@ApplicationScoped
public class ProjectFilter implements ContainerRequestFilter {
    private static final Set<String> SAFE = Set.of("GET", "HEAD", "OPTIONS");

    @Context
    @SuppressWarnings("NullAway.Init")
    private ResourceInfo resource;

    @Inject
    private Caller caller;

    @Inject
    private CurrentProject project;

    @Inject
    private Admissions admissions;

    @Override
    public void filter(ContainerRequestContext context) {
        Optional<Identity> identity = caller.identity();
        Method method = resource.getResourceMethod();
        List<String> named = context.getUriInfo().getPathParameters().get("project");
        if (named == null || named.isEmpty()) {
            refuseKeyOfLog(identity);
            boolean changes = !SAFE.contains(context.getMethod()) && !method.isAnnotationPresent(PermitAll.class);
            refuseUnlessAdmin(changes || needsInstallationAdmin(method), identity);
            return;
        }
        String name = named.get(0);
        Admission admission = identity.flatMap(who -> admissions.to(who, name))
                .orElseThrow(() -> new Failure.NotFound("There is no project \"" + name + "\" that you may see."));
        Role needed = needed(context.getMethod(), needs(method));
        if (!admission.role().covers(needed)) {
            throw new ForbiddenException("This needs the role " + word(needed) + " in project \"" + name
                    + "\"; you are " + word(admission.role()) + " there. Ask one of the project's admins.");
        }
        refuseUnlessAdmin(needsInstallationAdmin(method), identity);
        project.is(admission);
    }

    /** Not even what everybody who is logged in may see. */
    private static void refuseKeyOfLog(Optional<Identity> identity) {
        identity.map(Identity::keyRole).filter(Role::isOfLog).ifPresent(role -> {
            throw new ForbiddenException("A key with the role " + word(role) + " opens archived log and nothing else.");
        });
    }

    private static void refuseUnlessAdmin(boolean needed, Optional<Identity> identity) {
        if (needed && !identity.map(Identity::installationAdmin).orElse(false)) {
            throw new ForbiddenException("This needs an installation admin.");
        }
    }

    private boolean needsInstallationAdmin(Method method) {
        return method.isAnnotationPresent(NeedsInstallationAdmin.class)
                || resource.getResourceClass().isAnnotationPresent(NeedsInstallationAdmin.class);
    }

    private @Nullable Role needs(Method method) {
        Needs onMethod = method.getAnnotation(Needs.class);
        Needs needs = onMethod != null ? onMethod : resource.getResourceClass().getAnnotation(Needs.class);
        return needs == null ? null : needs.value();
    }

    static Role needed(String method, @Nullable Role declared) {
        if (declared != null) {
            return declared;
        }
        return SAFE.contains(method) ? Role.VIEWER : Role.OPERATOR;
    }

    private static String word(Role role) {
        return role.name().toLowerCase(Locale.ROOT);
    }
}
