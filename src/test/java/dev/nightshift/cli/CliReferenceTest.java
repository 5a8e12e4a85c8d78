package dev.nightshift.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;

import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/** docs/reference/cli.md is written from the command itself. */
class CliReferenceTest {
    private static final Path PAGE = Path.of("docs", "reference", "cli.md");

    private static final String INTRODUCTION = """
            # Command line

            `nightshift` does from a terminal, and from scripts, what the console does: it speaks [REST](rest.md) with a server anywhere.
            `./mvnw -DskipTests package` builds `target/nightshift-cli.jar`, which needs Java 17 or newer and nothing else; `bin/nightshift`
            runs it. Put the script and the jar into one folder of your `PATH`, or link the script there.

            ```sh
            export NIGHTSHIFT_KEY=ns_…
            bin/nightshift login --url http://127.0.0.1:9080
            bin/nightshift run start backup -d demo --wait
            ```

            In scripts: [script nightly runs](../how-to/script-nightly-runs.md). This page is written from the command itself, by `CliReferenceTest`.

            ## What holds for all commands

            - **Data** goes to the standard output, **words** (progress, hints, errors) to the standard error. `--json` prints the API's answer
              as one document; `run log --follow --json` prints one for each line of the log.
            - **Times** are shown in your zone (`TZ`), and taken in it where they have no offset.
            - **Ids** are whole, or 4 characters or more of their beginning or end, if only one of the newest 500 has them.
            - **Colours** are used on a terminal only, and not with `NO_COLOR`. Every state has a word and a shape besides.
            - **`--wait`** shows a bar on a terminal, and elsewhere a line for each change. While the server does not answer it goes on
              asking for 2 minutes. Ctrl-C ends the command with 130 and leaves the run going.
            - **What others wrote** (reasons, names, lines of logs) cannot steer the terminal: control characters, of U+0080 to U+009F as well,
              are shown as spaces, and escaped in JSON.
            - **The key** is stored by `login` in `nightshift/config` below `$XDG_CONFIG_HOME` or `~/.config`, with mode 600; where others
              can read it, it is refused. So is a file of `NIGHTSHIFT_KEY_FILE` or `--key-file` that every user of the machine may read or
              write; its group may (mode 440 of a mounted secret). It is sent to the server that it was stored for and to no other, redirects are not followed, and `http://`
              is for this machine alone. There is no way to trust every certificate; `--ca-file` names the one to trust.

            ## Environment

            It goes before what `login` stored; options go before it.

            | Variable | Means |
            |---|---|
            | `NIGHTSHIFT_URL` | The server. |
            | `NIGHTSHIFT_KEY`, or `NIGHTSHIFT_KEY_FILE` | The API key, or a file that holds it. |
            | `NIGHTSHIFT_PROJECT` | The project. |
            | `NIGHTSHIFT_CA_FILE` | PEM file of the certificate or authority to trust instead of those that Java trusts. |
            | `NO_COLOR`, `COLUMNS`, `TZ`, `XDG_CONFIG_HOME`, `JAVA_HOME` | As usual. |
            """;

    private final CommandLine command = NightshiftCommand.in(new Shell(
            Map.of(),
            System.out,
            System.err,
            false,
            false,
            java.util.Optional::empty,
            java.time.ZoneOffset.UTC,
            () -> java.time.Instant.EPOCH));

    @Test
    void theReferenceSaysWhatTheCommandTakes() throws Exception {
        String expected = page();
        Path written = Path.of("target", "cli.md");
        Files.writeString(written, expected);
        assertEquals(
                expected,
                Files.exists(PAGE) ? Files.readString(PAGE, StandardCharsets.UTF_8) : "",
                "Stale: cp " + written + " " + PAGE);
    }

    @Test
    void everyCommandShowsAnExample() {
        all(command.getCommandSpec())
                .forEach(spec -> assertFalse(examples(spec).isEmpty(), spec.qualifiedName() + " shows no example"));
    }

    private String page() {
        StringBuilder page = new StringBuilder(INTRODUCTION);
        page.append("\n## What it ends with\n\n| Code | Means |\n|---|---|\n");
        for (ExitCode code : ExitCode.values()) {
            page.append("| ")
                    .append(code.number())
                    .append(" | ")
                    .append(code.meaning())
                    .append(" |\n");
        }
        page.append("| 70 | A fault of the command itself; please report it. |\n");
        page.append("| 130 | Ctrl-C. A run that was waited for goes on. |\n");
        page.append(
                "\n## Commands\n\n`--help` with any of them says what stands here; `nightshift --version` prints the version.\n");
        all(command.getCommandSpec()).stream()
                .filter(spec -> spec.subcommands().isEmpty())
                .forEach(spec -> page.append(section(spec)));
        return page.toString();
    }

    private static String section(CommandSpec spec) {
        StringBuilder text = new StringBuilder("\n### " + spec.qualifiedName() + "\n\n");
        text.append(String.join(" ", spec.usageMessage().description())).append("\n\n");
        List<String> rows = new ArrayList<>();
        for (PositionalParamSpec parameter : spec.positionalParameters()) {
            rows.add(row(parameter.paramLabel(), String.join(" ", parameter.description())));
        }
        for (OptionSpec option : spec.options()) {
            if (option.usageHelp()) {
                continue;
            }
            String names = Arrays.stream(option.names()).collect(Collectors.joining("`, `"));
            String value = option.arity().max() == 0 ? "" : " " + option.paramLabel();
            rows.add(
                    row(names + value, String.join(" ", option.description()) + (option.required() ? " Needed." : "")));
        }
        if (!rows.isEmpty()) {
            text.append("| | |\n|---|---|\n");
            rows.forEach(text::append);
            text.append('\n');
        }
        String notes = Arrays.stream(spec.usageMessage().footer())
                .takeWhile(line -> !line.startsWith("Example"))
                .collect(Collectors.joining("\n"))
                .strip();
        if (!notes.isEmpty()) {
            text.append(notes).append("\n\n");
        }
        return text + "```sh\n" + String.join("\n", examples(spec)) + "\n```\n";
    }

    private static String row(String name, String description) {
        return "| `" + name + "` | " + description.replace("|", "\\|") + " |\n";
    }

    /** The lines of the footer below "Example". */
    private static List<String> examples(CommandSpec spec) {
        return Arrays.stream(spec.usageMessage().footer())
                .dropWhile(line -> !line.startsWith("Example"))
                .skip(1)
                .filter(line -> !line.isBlank())
                .map(line -> line.startsWith("  ") ? line.substring(2) : "# " + line)
                .map(line -> line.replaceFirst("    \\((.*)\\)$", "    # $1"))
                .toList();
    }

    private static List<CommandSpec> all(CommandSpec spec) {
        List<CommandSpec> found = new ArrayList<>(List.of(spec));
        spec.subcommands().values().forEach(sub -> found.addAll(all(sub.getCommandSpec())));
        return found;
    }
}
