package dev.nightshift.cli;

import java.util.List;

/** Where the jar begins. */
public final class Main {
    private Main() {}

    /** See {@code --help}. */
    public static void main(String[] arguments) {
        System.exit(NightshiftCommand.run(List.of(arguments), Shell.ofProcess()));
    }
}
