/**
 * The command {@code nightshift}: what people and scripts do from a terminal, over REST. A jar of its own that runs on any
 * machine; it shares no class with the server but a few pure ones of {@code kernel}.
 */
@NullMarked
package dev.nightshift.cli;

import org.jspecify.annotations.NullMarked;
