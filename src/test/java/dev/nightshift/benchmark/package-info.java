/** Workloads that measure Nightshift against the tools it replaces. Programs, not tests: only the profile runs them. */
@NullMarked
package dev.nightshift.benchmark;

import org.jspecify.annotations.NullMarked;
