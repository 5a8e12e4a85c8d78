/**
 * Start-up: the launcher with its embedded databases, secrets and migration; and inside the server health, node
 * registration and drain. Uses everything, is used by nothing.
 */
@NullMarked
package dev.nightshift.runtime;

import org.jspecify.annotations.NullMarked;
