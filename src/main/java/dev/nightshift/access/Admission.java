package dev.nightshift.access;

import dev.nightshift.kernel.ProjectId;

/**
 * A project that somebody may see, and their role in it.
 *
 * @param timeZone an IANA zone name
 * @param currency an ISO 4217 code
 */
public record Admission(ProjectId id, String name, String displayName, Role role, String timeZone, String currency) {}
