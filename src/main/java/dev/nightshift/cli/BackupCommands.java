package dev.nightshift.cli;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.util.HashMap;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Stored backups: how far they are proven, and out again. */
@Command(
        name = "backup",
        description = "Look at backups and how far they are proven; write one out into a folder.",
        footer = {
            "",
            "Examples:",
            "  nightshift backup list -d shop",
            "  nightshift backup restore 4c9a21 --folder /srv/restore/shop"
        })
final class BackupCommands extends Group {
    private static final String ID = "The backup's id: whole, or 4 characters or more of its beginning or end.";

    BackupCommands(Shell shell) {
        super(shell);
    }

    @Command(
            name = "list",
            description = "The backups, newest first.",
            footer = {"", "Example:", "  nightshift backup list -d shop --limit 5"})
    int list(
            @Mixin Common common,
            @Option(
                            names = {"-d", "--database"},
                            paramLabel = "NAME",
                            description = "Those that hold this database.")
                    @Nullable
                    String database,
            @Option(
                            names = "--limit",
                            paramLabel = "N",
                            defaultValue = "50",
                            description = "So many at most; by default ${DEFAULT-VALUE}.")
                    int limit) {
        Server server = server(common);
        Map<String, @Nullable String> filter = new HashMap<>();
        filter.put("database", database);
        JsonObject page = list(server, server.inProject("backups"), filter, limit);
        if (common.json) {
            print(page);
            return ExitCode.DONE.number();
        }
        Table table = table().column("ID")
                .column("INSTANCE")
                .column("TAKEN")
                .number("SIZE")
                .number("STORED")
                .column("PROVEN")
                .column("DATABASES");
        for (Facts backup : new Facts(page).list("items")) {
            table.row(
                    backup.textOr("id", ""),
                    backup.textOr("instance", ""),
                    backup.time("takenAt")
                            .map(at -> Words.time(at, shell.zone()))
                            .orElse(""),
                    backup.number("sizeBytes").map(Words::bytes).orElse(Words.UNKNOWN),
                    backup.number("storedBytes").map(Words::bytes).orElse(Words.UNKNOWN),
                    proof(backup),
                    String.join(", ", backup.texts("databases")));
        }
        print(table, "No such backups.");
        return ExitCode.DONE.number();
    }

    /** How far a backup is proven, in a word. */
    static String proof(Facts backup) {
        return backup.object("proof")
                .flatMap(proof -> proof.text("level"))
                .filter(level -> !level.equals("NONE"))
                .map(level -> level.toLowerCase(Locale.ROOT))
                .orElse("not proven");
    }

    @Command(
            name = "show",
            description = "A backup with its proof.",
            footer = {"", "Example:", "  nightshift backup show 4c9a21"})
    int show(@Mixin Common common, @Parameters(paramLabel = "ID", description = ID) String id) {
        Server server = server(common);
        Server.Answer answer = backup(server, id);
        if (common.json) {
            print(answer.object());
            return ExitCode.DONE.number();
        }
        Facts backup = answer.facts();
        new Card()
                .fact("id", backup.textOr("id", ""))
                .fact("databases", String.join(", ", backup.texts("databases")))
                .fact(
                        "taken",
                        backup.time("takenAt")
                                        .map(at -> Words.time(at, shell.zone()))
                                        .orElse("")
                                + backup.number("durationMillis")
                                        .map(millis -> ", in " + Words.duration(millis))
                                        .orElse(""))
                .fact("server", "PostgreSQL " + backup.textOr("serverVersion", ""))
                .fact(
                        "size",
                        backup.number("sizeBytes").map(Words::bytes).orElse(Words.UNKNOWN) + ", stored "
                                + backup.number("storedBytes").map(Words::bytes).orElse(Words.UNKNOWN))
                .fact("recovers to", backup.textOr("recoversTo", ""))
                .fact("run", backup.textOr("run", ""))
                .fact(
                        "proven",
                        proof(backup)
                                + backup.object("proof")
                                        .flatMap(proof -> proof.time("at"))
                                        .map(at -> " at " + Words.time(at, shell.zone()))
                                        .orElse("")
                                + backup.object("proof")
                                        .flatMap(proof -> proof.number("rtoMillis"))
                                        .map(millis -> ", restored in " + Words.duration(millis))
                                        .orElse(""))
                .print(backup.textOr("instance", "") + "  "
                        + backup.textOr("kind", "").toLowerCase(Locale.ROOT) + " backup");
        backup.object("proof").flatMap(proof -> proof.text("reason")).ifPresent(shell::print);
        return ExitCode.DONE.number();
    }

    @Command(
            name = "restore",
            description = "Write a backup out into an empty folder on Nightshift's machine: a run of the job restore.",
            footer = {
                "",
                "The folder lies below one of NIGHTSHIFT_RESTORE_ROOTS of the server. Nothing is started in it.",
                "",
                "Example:",
                "  nightshift backup restore 4c9a21 --folder /srv/restore/shop --wait"
            })
    int restore(
            @Mixin Common common,
            @Parameters(paramLabel = "ID", description = ID) String id,
            @Option(
                            names = "--folder",
                            paramLabel = "PATH",
                            required = true,
                            description = "Absolute path of a new or empty folder on Nightshift's machine.")
                    String folder,
            @Mixin Wait wait) {
        Server server = server(common);
        Facts backup = backup(server, id).facts();
        JsonObject parameters = Json.createObjectBuilder(Map.of("backup", backup.textOr("id", id), "folder", folder))
                .build();
        JsonObject request = RunCommands.request(
                "restore", backup.texts("databases").stream().limit(1).toList(), parameters);
        return new RunCommands(shell).started(server, common, request, wait.forEnd);
    }

    private static Server.Answer backup(Server server, String given) {
        String path = server.inProject("backups");
        return server.get(server.inProject("backups", whole(server, path, given, "backup")));
    }
}
