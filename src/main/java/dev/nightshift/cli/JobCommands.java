package dev.nightshift.cli;

import jakarta.json.JsonArray;
import java.util.Locale;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** What can be run. */
@Command(
        name = "job",
        description = "What can be run, and with which parameters.",
        footer = {"", "Example:", "  nightshift job list"})
final class JobCommands extends Group {
    JobCommands(Shell shell) {
        super(shell);
    }

    @Command(
            name = "list",
            description = "The jobs with their parameters.",
            footer = {"", "Example:", "  nightshift job list --json"})
    int list(@Mixin Common common) {
        JsonArray jobs = server(common).get("api/jobs").array();
        if (common.json) {
            print(jobs);
            return ExitCode.DONE.number();
        }
        boolean first = true;
        for (Facts job : Facts.of(jobs)) {
            shell.print((first ? "" : "\n") + job.textOr("name", "") + "  " + job.textOr("description", ""));
            first = false;
            Table table = table().column("  PARAMETER")
                    .column("TYPE")
                    .column("DEFAULT")
                    .column("MEANING");
            for (Facts parameter : job.list("parameters")) {
                table.row(
                        "  " + parameter.textOr("name", ""),
                        type(parameter),
                        parameter.text("defaultValue").orElse(parameter.is("required") ? "required" : "none"),
                        parameter.textOr("help", ""));
            }
            if (!table.isEmpty()) {
                table.lines().forEach(shell::print);
            }
        }
        return ExitCode.DONE.number();
    }

    private static String type(Facts parameter) {
        if (!parameter.texts("choices").isEmpty()) {
            return String.join("|", parameter.texts("choices"));
        }
        String type = parameter.textOr("type", "").toLowerCase(Locale.ROOT);
        return type.equals("integer")
                ? type
                        + parameter
                                .text("min")
                                .map(min ->
                                        " " + min + ".." + parameter.text("max").orElse(""))
                                .orElse("")
                : type;
    }
}
