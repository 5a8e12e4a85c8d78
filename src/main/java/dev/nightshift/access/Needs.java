package dev.nightshift.access;

import java.lang.annotation.ElementType;
import java.lang.annotation.Retention;
import java.lang.annotation.RetentionPolicy;
import java.lang.annotation.Target;

/**
 * The role that a resource method under {@code {project}} asks for, on the method or its class. Without it GET asks for
 * {@link Role#VIEWER} and everything else for {@link Role#OPERATOR}.
 */
@Target({ElementType.METHOD, ElementType.TYPE})
@Retention(RetentionPolicy.RUNTIME)
public @interface Needs {
    Role value();
}
