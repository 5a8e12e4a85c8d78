/**
 * What Nightshift looks after: projects, the PostgreSQL instances registered in them, their databases, and the logins to
 * all of these. People edit it, so it is kept by JPA; what machines write stands in the features' own tables.
 */
@NullMarked
package dev.nightshift.fleet;

import org.jspecify.annotations.NullMarked;
