package dev.nightshift.cli;

import java.io.IOException;
import java.io.InputStream;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Properties;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Help;
import picocli.CommandLine.IFactory;
import picocli.CommandLine.IVersionProvider;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.ScopeType;
import picocli.CommandLine.UnmatchedArgumentException;

/** The command itself, and how it fails. */
@Command(
        name = "nightshift",
        description = "The night crew for a fleet of PostgreSQL databases, from a terminal.",
        versionProvider = NightshiftCommand.Version.class,
        subcommands = {
            LoginCommand.class,
            LogoutCommand.class,
            RunCommands.class,
            ScheduleCommands.class,
            DatabaseCommands.class,
            BackupCommands.class,
            NodeCommands.class,
            JobCommands.class,
            CompletionCommand.class
        },
        exitCodeListHeading = "%nEnds with:%n",
        footer = {
            "",
            "Examples:",
            "  nightshift login --url https://nightshift.example.com:9443",
            "  nightshift run start backup --all --wait"
        })
final class NightshiftCommand {
    /** A fault of the command itself, as sysexits.h numbers it; 130 is what Ctrl-C leaves. */
    static final int FAULT = 70;

    @Option(
            names = {"-h", "--help"},
            usageHelp = true,
            scope = ScopeType.INHERIT,
            description = "Show what the command does and takes.")
    boolean help;

    @Option(
            names = {"-V", "--version"},
            versionHelp = true,
            description = "Print the version.")
    boolean version;

    /** The version that the build wrote. */
    static final class Version implements IVersionProvider {
        @Override
        public String[] getVersion() throws IOException {
            Properties properties = new Properties();
            try (InputStream in = NightshiftCommand.class.getResourceAsStream("/nightshift.properties")) {
                if (in != null) {
                    properties.load(in);
                }
            }
            return new String[] {"nightshift " + properties.getProperty("version", "unknown")};
        }
    }

    /** The whole command, to be run or to be described. */
    static CommandLine in(Shell shell) {
        CommandLine line = new CommandLine(new NightshiftCommand(), factory(shell));
        Map<String, String> codes = new LinkedHashMap<>();
        for (ExitCode code : ExitCode.values()) {
            codes.put(" " + code.number(), code.meaning());
        }
        line.getCommandSpec().usageMessage().exitCodeList(codes);
        return line.setOut(new PrintWriter(shell.out(), true, StandardCharsets.UTF_8))
                .setErr(new PrintWriter(shell.err(), true, StandardCharsets.UTF_8))
                .setColorScheme(Help.defaultColorScheme(shell.colours() ? Help.Ansi.ON : Help.Ansi.OFF))
                .setUsageHelpWidth(100)
                .setUsageHelpAutoWidth(false)
                .setParameterExceptionHandler((failure, arguments) -> wrongUsage(shell, failure))
                .setExecutionExceptionHandler((failure, command, parsed) -> failed(shell, failure));
    }

    /**
     * Runs one command.
     *
     * @return what the process ends with
     */
    static int run(List<String> arguments, Shell shell) {
        return in(shell).execute(arguments.toArray(String[]::new));
    }

    private static int wrongUsage(Shell shell, ParameterException failure) {
        CommandLine command = failure.getCommandLine();
        shell.say("nightshift: " + Words.plain(String.valueOf(failure.getMessage())));
        StringWriter suggestions = new StringWriter();
        if (UnmatchedArgumentException.printSuggestions(failure, new PrintWriter(suggestions, true))) {
            shell.say(suggestions.toString().strip());
        }
        shell.say("See " + command.getCommandSpec().qualifiedName() + " --help");
        return ExitCode.WRONG_USAGE.number();
    }

    private static int failed(Shell shell, Exception failure) {
        if (failure instanceof Trouble trouble) {
            shell.say("nightshift: " + trouble.line());
            return trouble.code().number();
        }
        StringWriter trace = new StringWriter();
        failure.printStackTrace(new PrintWriter(trace, true));
        shell.say("nightshift: a fault of this command, please report it:\n" + trace);
        return FAULT;
    }

    private static IFactory factory(Shell shell) {
        IFactory usual = CommandLine.defaultFactory();
        return new IFactory() {
            @Override
            public <K> K create(Class<K> kind) throws Exception {
                return Group.class.isAssignableFrom(kind)
                        ? kind.getDeclaredConstructor(Shell.class).newInstance(shell)
                        : usual.create(kind);
            }
        };
    }
}
