package dev.nightshift.cli;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Start runs, look at them, follow them, stop and restart them. */
@Command(
        name = "run",
        description = "Start runs, look at them, stop and restart them.",
        footer = {
            "",
            "Examples:",
            "  nightshift run start backup -d shop --wait",
            "  nightshift run list --status FAILED"
        })
final class RunCommands extends Group {
    private static final String ID = "The run's id: whole, or 4 characters or more of its beginning or end.";

    RunCommands(Shell shell) {
        super(shell);
    }

    @Command(
            name = "start",
            description = "Start a run. Prints its id; with --wait, how it ended.",
            footer = {
                "",
                "Examples:",
                "  nightshift run start backup -d shop,crm --wait",
                "  nightshift run start vacuum --all -p maxMinutes=60",
                "  nightshift run start restore-drill -d shop -p upTo=restored --wait"
            })
    int start(
            @Mixin Common common,
            @Parameters(paramLabel = "JOB", description = "What to run: nightshift job list tells.") String job,
            @Option(
                            names = {"-d", "--database"},
                            paramLabel = "NAME",
                            split = ",",
                            description =
                                    "A database to run it on, or tag:TAG for those that carry a tag; several separated by commas.")
                    @Nullable
                    List<String> databases,
            @Option(names = "--all", description = "Run it on all databases of the project.") boolean all,
            @Option(
                            names = {"-p", "--parameter"},
                            paramLabel = "NAME=VALUE",
                            description = "A parameter of the job; the others have their defaults.")
                    @Nullable
                    Map<String, String> parameters,
            @Mixin Wait wait) {
        if (all && databases != null) {
            throw new Trouble(ExitCode.WRONG_USAGE, "--all and --database exclude each other.", null);
        }
        Server server = server(common);
        List<String> aim = all ? List.of("*") : databases == null ? List.of() : databases;
        Map<String, String> given = parameters == null ? Map.of() : parameters;
        return started(server, common, request(job, aim, typed(server, job, given)), wait.forEnd);
    }

    /** The values as the job declares them; what does not fit goes as it is, and the server says what is wrong. */
    private static JsonObject typed(Server server, String job, Map<String, String> given) {
        JsonObjectBuilder values = Json.createObjectBuilder();
        if (given.isEmpty()) {
            return values.build();
        }
        Map<String, String> types = new HashMap<>();
        Facts.of(server.get("api/jobs").array()).stream()
                .filter(each -> each.textOr("name", "").equals(job))
                .flatMap(each -> each.list("parameters").stream())
                .forEach(parameter -> types.put(parameter.textOr("name", ""), parameter.textOr("type", "TEXT")));
        given.forEach((name, value) -> {
            String type = types.getOrDefault(name, "TEXT");
            if (type.equals("INTEGER") && value.matches("-?\\d{1,18}")) {
                values.add(name, Long.parseLong(value));
            } else if (type.equals("BOOLEAN") && value.matches("true|false")) {
                values.add(name, value.equals("true"));
            } else {
                values.add(name, value);
            }
        });
        return values.build();
    }

    static JsonObject request(String job, List<String> databases, JsonObject parameters) {
        return Json.createObjectBuilder()
                .add("job", job)
                .add("databases", Json.createArrayBuilder(databases))
                .add("parameters", parameters)
                .build();
    }

    /** Ends a command that starts a run. */
    int started(Server server, Common common, JsonObject request, boolean wait) {
        return ended(
                server, common, server.post(server.inProject("runs"), request), wait, "Queued", List.of("COMPLETED"));
    }

    private int changed(Common common, String id, String how, boolean wait, String done, List<String> good) {
        Server server = server(common);
        return ended(server, common, server.post(path(server, id) + how, null), wait, done, good);
    }

    /** Ends a command that changed a run: with the run as it is, or with its end. */
    private int ended(
            Server server, Common common, Server.Answer answer, boolean wait, String done, List<String> good) {
        Facts run = answer.facts();
        String id = run.textOr("id", "");
        if (!wait) {
            if (common.json) {
                print(run.json());
            } else {
                shell.print(id);
                shell.say(done + ". Follow it: nightshift run log " + id + " --follow");
            }
            return ExitCode.DONE.number();
        }
        Facts over = new Waiting(shell, server).untilOver(run);
        if (common.json) {
            print(over.json());
        } else {
            shell.print(RunText.end(over, shell.colours()));
        }
        if (good.contains(over.textOr("status", ""))) {
            return ExitCode.DONE.number();
        }
        RunText.complaints(over).forEach(shell::say);
        return ExitCode.NOT_COMPLETED.number();
    }

    @Command(
            name = "list",
            description = "The runs, newest first.",
            footer = {
                "",
                "Examples:",
                "  nightshift run list --job backup --status FAILED --from 2026-11-01",
                "  nightshift run list --database shop --limit 5 --json"
            })
    int list(
            @Mixin Common common,
            @Option(names = "--job", paramLabel = "JOB", description = "Of this job.") @Nullable String job,
            @Option(
                            names = "--status",
                            paramLabel = "STATUS",
                            description = "In this status, such as COMPLETED or FAILED; several separated by commas.")
                    @Nullable
                    String status,
            @Option(names = "--database", paramLabel = "NAME", description = "On this database.") @Nullable
                    String database,
            @Option(
                            names = "--trigger",
                            paramLabel = "TRIGGER",
                            description = "Started by this: SCHEDULE, PERSON, KEY, START, RETENTION.")
                    @Nullable
                    String trigger,
            @Option(
                            names = "--from",
                            paramLabel = "TIME",
                            description =
                                    "From this time on: 2026-11-28, \"2026-11-28 22:00\" (your zone), or with an offset.")
                    @Nullable
                    String from,
            @Option(names = "--to", paramLabel = "TIME", description = "Before this time.") @Nullable String to,
            @Option(
                            names = "--limit",
                            paramLabel = "N",
                            defaultValue = "50",
                            description = "So many at most; by default ${DEFAULT-VALUE}.")
                    int limit) {
        Map<String, @Nullable String> filter = new HashMap<>();
        filter.put("job", job);
        filter.put("status", status == null ? null : status.toUpperCase(Locale.ROOT));
        filter.put("database", database);
        filter.put("trigger", trigger == null ? null : trigger.toUpperCase(Locale.ROOT));
        filter.put(
                "from",
                from == null
                        ? null
                        : Words.instant("--from", from, shell.zone()).toString());
        filter.put(
                "to",
                to == null ? null : Words.instant("--to", to, shell.zone()).toString());
        Server server = server(common);
        JsonObject runs = list(server, server.inProject("runs"), filter, limit);
        if (common.json) {
            print(runs);
            return ExitCode.DONE.number();
        }
        Table table = table().column("ID")
                .column("JOB")
                .column("STATUS")
                .column("STARTED")
                .number("TOOK")
                .column("BY")
                .column("DATABASES");
        for (Facts run : new Facts(runs).list("items")) {
            table.row(
                    run.textOr("id", ""),
                    run.textOr("job", ""),
                    State.of(run.textOr("status", "")),
                    run.time("startedAt")
                            .map(at -> Words.time(at, shell.zone()))
                            .orElse("not yet"),
                    RunText.took(run, shell.clock().now()),
                    RunText.trigger(run),
                    RunText.databases(run));
        }
        print(table, "No such runs.");
        return ExitCode.DONE.number();
    }

    @Command(
            name = "show",
            description = "A run with its targets and steps.",
            footer = {"", "Example:", "  nightshift run show 77f4b37ee9e1"})
    int show(@Mixin Common common, @Parameters(paramLabel = "ID", description = ID) String id) {
        Server server = server(common);
        Server.Answer answer = server.get(path(server, id));
        if (common.json) {
            print(answer.object());
            return ExitCode.DONE.number();
        }
        Facts run = answer.facts();
        Card card = new Card();
        card.fact("id", run.textOr("id", ""))
                .fact("databases", RunText.databases(run))
                .fact("by", RunText.trigger(run))
                .fact("parameters", parameters(run))
                .fact(
                        "started",
                        run.time("startedAt")
                                .map(at -> Words.time(at, shell.zone()))
                                .orElse("not yet"))
                .fact(
                        "took",
                        RunText.took(run, shell.clock().now())
                                + run.number("usualMillis")
                                        .map(millis -> ", usually " + Words.duration(millis))
                                        .orElse(""))
                .fact("attempt", run.textOr("attempt", ""))
                .fact("node", run.textOr("node", ""))
                .fact("reason", run.textOr("reason", ""));
        card.print(run.textOr("job", "") + "  "
                + State.of(run.textOr("status", "")).painted(shell.colours()));
        Table steps = table().column("TARGET")
                .column("STEP")
                .column("STATUS")
                .number("TOOK")
                .column("RESULT");
        for (Facts target : run.list("targets")) {
            steps.row(
                    RunText.name(target),
                    "",
                    State.of(target.textOr("status", "")),
                    target.number("durationMillis").map(Words::duration).orElse(""),
                    target.textOr("reason", "") + " " + target.textOr("remedy", ""));
            for (Facts step : target.list("steps")) {
                steps.row(
                        "",
                        step.textOr("name", ""),
                        State.of(step.textOr("status", "")),
                        step.number("durationMillis").map(Words::duration).orElse(""),
                        step.text("figure").or(() -> step.text("reason")).orElse(""));
            }
        }
        shell.print("");
        print(steps, "It has no targets yet.");
        return ExitCode.DONE.number();
    }

    private static String parameters(Facts run) {
        return run.object("parameters")
                .map(values -> String.join(
                        ", ",
                        values.json().keySet().stream()
                                .map(name -> name + "=" + values.textOr(name, "none"))
                                .toList()))
                .orElse("");
    }

    @Command(
            name = "stop",
            description = "Stop a run. What is done stays done; with --wait, 0 means that it stopped or completed.",
            footer = {"", "Example:", "  nightshift run stop 77f4b37ee9e1 --wait"})
    int stop(@Mixin Common common, @Parameters(paramLabel = "ID", description = ID) String id, @Mixin Wait wait) {
        return changed(common, id, "/stop", wait.forEnd, "Stopping", List.of("STOPPED", "COMPLETED"));
    }

    @Command(
            name = "restart",
            description = "Restart a run: the same run, its unfinished targets only.",
            footer = {"", "Example:", "  nightshift run restart 77f4b37ee9e1 --wait"})
    int restart(@Mixin Common common, @Parameters(paramLabel = "ID", description = ID) String id, @Mixin Wait wait) {
        return changed(common, id, "/restart", wait.forEnd, "Queued again", List.of("COMPLETED"));
    }

    @Command(
            name = "log",
            description = "The lines of a run's log, oldest first.",
            footer = {
                "",
                "With --follow and --json, each line of the log is a JSON document on a line of its own.",
                "",
                "Example:",
                "  nightshift run log 77f4b37ee9e1 --follow"
            })
    int log(
            @Mixin Common common,
            @Parameters(paramLabel = "ID", description = ID) String id,
            @Option(
                            names = {"-f", "--follow"},
                            description = "Go on until the run is over. Ctrl-C leaves the run going.")
                    boolean follow) {
        Server server = server(common);
        new RunLog(shell, server, path(server, id)).print(common.json, follow);
        return ExitCode.DONE.number();
    }

    static String path(Server server, String given) {
        return server.inProject("runs", whole(server, server.inProject("runs"), given, "run"));
    }
}
