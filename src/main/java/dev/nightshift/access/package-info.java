/**
 * Who is asking, and what may they do: people with passwords and sessions, API keys, roles within a project. Everything
 * above learns of the caller here, and only here.
 */
@NullMarked
package dev.nightshift.access;

import org.jspecify.annotations.NullMarked;
