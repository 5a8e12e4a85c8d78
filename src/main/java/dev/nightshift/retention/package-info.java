/**
 * How long a project keeps what is over, and the job that lets it go. What there is to forget, each package says itself
 * ({@link dev.nightshift.tenancy.Expiring}).
 */
@NullMarked
package dev.nightshift.retention;

import org.jspecify.annotations.NullMarked;
