package dev.nightshift.cli;

import jakarta.json.JsonObject;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** The databases that jobs aim at. */
@Command(
        name = "database",
        description = "Look at the databases of a project, test their connections.",
        footer = {"", "Examples:", "  nightshift database list", "  nightshift database check shop"})
final class DatabaseCommands extends Group {
    DatabaseCommands(Shell shell) {
        super(shell);
    }

    @Command(
            name = "list",
            description = "The databases of the project, with their newest backup and how far it is proven.",
            footer = {"", "Example:", "  nightshift database list --json"})
    int list(
            @Mixin Common common,
            @Option(
                            names = "--limit",
                            paramLabel = "N",
                            defaultValue = "500",
                            description = "So many at most; by default ${DEFAULT-VALUE}.")
                    int limit) {
        Server server = server(common);
        JsonObject page = list(server, server.inProject("databases"), Map.of(), limit);
        if (common.json) {
            print(page);
            return ExitCode.DONE.number();
        }
        Table table = table().column("NAME")
                .column("INSTANCE")
                .number("SIZE")
                .column("LAST BACKUP")
                .column("PROVEN")
                .column("LAST CHECK");
        for (Facts database : new Facts(page).list("items")) {
            table.row(
                    database.textOr("name", ""),
                    database.textOr("instance", ""),
                    database.number("sizeBytes").map(Words::bytes).orElse(Words.UNKNOWN),
                    database.object("backup")
                            .flatMap(backup -> backup.time("takenAt"))
                            .map(at -> Words.time(at, shell.zone()))
                            .orElse("none"),
                    database.object("backup").map(BackupCommands::proof).orElse(""),
                    database.object("lastCheck")
                            .<Object>map(check -> State.of(check.is("ok") ? "OK" : "FAILED"))
                            .orElse("none"));
        }
        print(table, "The project has no databases.");
        return ExitCode.DONE.number();
    }

    @Command(
            name = "check",
            description = "Test a database's connection and privileges now. Ends with 1 if something failed.",
            footer = {"", "Example:", "  nightshift database check shop"})
    int check(
            @Mixin Common common, @Parameters(paramLabel = "NAME", description = "The database's name.") String name) {
        Server server = server(common);
        Server.Answer answer = server.post(server.inProject("databases", name, "check"), null);
        Facts report = answer.facts();
        boolean ok = report.is("ok");
        if (common.json) {
            print(report.json());
        } else {
            shell.print(name + "  " + State.of(ok ? "OK" : "FAILED").painted(shell.colours()) + "  "
                    + report.textOr("endpoint", ""));
            Table table = table().column("CHECKED").column("STATE").column("RESULT");
            for (Facts item : report.list("items")) {
                table.row(
                        item.textOr("label", item.textOr("item", "")),
                        State.of(item.textOr("state", "").toUpperCase(Locale.ROOT)),
                        item.textOr("found", "") + " " + item.textOr("remedy", ""));
            }
            print(table, "Nothing was looked at.");
        }
        return ok ? ExitCode.DONE.number() : ExitCode.NOT_COMPLETED.number();
    }
}
