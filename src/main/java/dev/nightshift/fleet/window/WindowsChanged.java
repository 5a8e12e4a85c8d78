package dev.nightshift.fleet.window;

import dev.nightshift.kernel.ProjectId;

/** The windows of a project are others than before; fired within the transaction of the change. */
public record WindowsChanged(ProjectId project) {}
