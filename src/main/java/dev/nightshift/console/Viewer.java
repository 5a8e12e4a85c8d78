package dev.nightshift.console;

import dev.nightshift.access.Identity;
import dev.nightshift.kernel.ProjectId;

/** Who looks at which project through a socket, as found out in the handshake. */
record Viewer(Identity identity, String project, ProjectId id) {}
