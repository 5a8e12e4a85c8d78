/**
 * What somebody who helps from elsewhere needs to see of an installation: versions, settings, health, counts, the end of the
 * log. It names no project, target or person, and holds no secret.
 */
@NullMarked
package dev.nightshift.runtime.support;

import org.jspecify.annotations.NullMarked;
