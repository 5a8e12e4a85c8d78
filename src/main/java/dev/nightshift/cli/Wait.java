package dev.nightshift.cli;

import picocli.CommandLine.Option;

/** What every command takes that starts a run, or changes one. */
final class Wait {
    @Option(
            names = {"-w", "--wait"},
            description = "Wait for the run's end, with a progress bar on a terminal. Ctrl-C leaves the run going.")
    boolean forEnd;
}
