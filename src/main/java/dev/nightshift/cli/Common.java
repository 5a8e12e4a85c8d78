package dev.nightshift.cli;

import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Option;

/** What every command takes that asks the server. */
final class Common {
    @Option(names = "--json", description = "Print the API's JSON, one document, instead of text for people.")
    boolean json;

    @Option(
            names = "--project",
            paramLabel = "NAME",
            description = "The project. Otherwise that of NIGHTSHIFT_PROJECT, or of the login.")
    @Nullable
    String project;
}
