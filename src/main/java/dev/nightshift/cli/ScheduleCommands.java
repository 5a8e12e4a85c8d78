package dev.nightshift.cli;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.time.DateTimeException;
import java.time.Instant;
import java.time.ZoneId;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/** Look at schedules, hold them back, let them go on; try an expression. */
@Command(
        name = "schedule",
        description = "Look at schedules, pause and resume them, try a cron expression.",
        footer = {
            "",
            "Examples:",
            "  nightshift schedule list",
            "  nightshift schedule preview \"15 2 * * *\" --zone Europe/Berlin"
        })
final class ScheduleCommands extends Group {
    ScheduleCommands(Shell shell) {
        super(shell);
    }

    @Command(
            name = "list",
            description = "The schedules of the project, with their next fire in your zone.",
            footer = {"", "Example:", "  nightshift schedule list --project demo"})
    int list(@Mixin Common common) {
        Server server = server(common);
        JsonObject page = server.get(server.inProject("schedules")).object();
        if (common.json) {
            print(page);
            return ExitCode.DONE.number();
        }
        Table table = table().column("NAME")
                .column("JOB")
                .column("WHEN")
                .column("ZONE")
                .column("STATE")
                .column("NEXT FIRE")
                .column("DATABASES");
        for (Facts schedule : new Facts(page).list("items")) {
            table.row(
                    schedule.textOr("name", ""),
                    schedule.textOr("job", ""),
                    when(schedule),
                    schedule.textOr("zone", ""),
                    state(schedule),
                    fires(schedule, "nextFires").stream()
                            .findFirst()
                            .map(at -> Words.day(at, shell.zone()))
                            .orElse("none"),
                    String.join(", ", schedule.texts("databases")));
        }
        print(table, "The project has no schedules.");
        tellPause(server, server.inProject("pause"), "The project's schedules are");
        tellPause(server, "/api/pause", "The schedules of all projects are");
        return ExitCode.DONE.number();
    }

    /** Beside a list of schedules that are on: none of them starts meanwhile. */
    private void tellPause(Server server, String path, String what) {
        server.get(path)
                .facts()
                .object("paused")
                .ifPresent(pause -> shell.say(what + " paused "
                        + pause.time("until")
                                .map(at -> "until " + Words.day(at, shell.zone()))
                                .orElse("until somebody resumes them")
                        + " by " + pause.textOr("by", "") + ": " + pause.textOr("why", "")));
    }

    @Command(
            name = "show",
            description = "A schedule with its next fires, in its zone and in yours.",
            footer = {"", "Example:", "  nightshift schedule show nightly"})
    int show(@Mixin Common common, @Parameters(paramLabel = "NAME", description = "The schedule's name.") String name) {
        Server server = server(common);
        Server.Answer answer = server.get(server.inProject("schedules", name));
        return shown(common, answer);
    }

    private int shown(Common common, Server.Answer answer) {
        if (common.json) {
            print(answer.object());
            return ExitCode.DONE.number();
        }
        Facts schedule = answer.facts();
        new Card()
                .fact("job", schedule.textOr("job", ""))
                .fact("databases", String.join(", ", schedule.texts("databases")))
                .fact("when", when(schedule) + ", zone " + schedule.textOr("zone", ""))
                .fact("except", String.join(", ", schedule.texts("except")))
                .fact("misfire", schedule.textOr("misfire", "").toLowerCase(Locale.ROOT))
                .fact("overlap", schedule.textOr("overlap", "").toLowerCase(Locale.ROOT))
                .fact(
                        "last run",
                        schedule.object("lastRun")
                                .map(run -> State.of(run.textOr("status", "")).text() + " " + run.textOr("id", ""))
                                .orElse("none yet"))
                .print(schedule.textOr("name", "") + "  " + state(schedule).painted(shell.colours()));
        shell.print("");
        print(fireTimes(fires(schedule, "nextFires"), schedule.textOr("zone", "UTC")), "It does not fire.");
        return ExitCode.DONE.number();
    }

    @Command(
            name = "pause",
            description = "Hold a schedule back. What would have fired meanwhile does not run.",
            footer = {
                "",
                "Example:",
                "  nightshift schedule pause nightly --why \"server moves\" --until \"2026-12-01 06:00\""
            })
    int pause(
            @Mixin Common common,
            @Parameters(paramLabel = "NAME", description = "The schedule's name.") String name,
            @Option(
                            names = "--why",
                            paramLabel = "TEXT",
                            required = true,
                            description = "Why, for the people who wonder.")
                    String why,
            @Option(
                            names = "--until",
                            paramLabel = "TIME",
                            description =
                                    "Until this time: 2026-12-01, \"2026-12-01 06:00\" (your zone), or with an offset. Otherwise"
                                            + " until it is resumed.")
                    @Nullable
                    String until) {
        Server server = server(common);
        JsonObjectBuilder body = Json.createObjectBuilder().add("why", why);
        if (until == null) {
            body.addNull("until");
        } else {
            body.add("until", Words.instant("--until", until, shell.zone()).toString());
        }
        return changed(
                common, server.post(server.inProject("schedules", name, "pause"), body.build()), name + " is paused.");
    }

    @Command(
            name = "resume",
            description = "Let a paused schedule go on.",
            footer = {"", "Example:", "  nightshift schedule resume nightly"})
    int resume(
            @Mixin Common common, @Parameters(paramLabel = "NAME", description = "The schedule's name.") String name) {
        Server server = server(common);
        return changed(
                common, server.post(server.inProject("schedules", name, "resume"), null), name + " is not paused now.");
    }

    private int changed(Common common, Server.Answer answer, String done) {
        if (!common.json) {
            shell.say(Words.plain(done));
        }
        return shown(common, answer);
    }

    @Command(
            name = "preview",
            description = "The next five times at which a cron expression fires, in its zone and in yours.",
            footer = {
                "",
                "Examples:",
                "  nightshift schedule preview \"15 2 * * *\" --zone Europe/Berlin",
                "  nightshift schedule preview \"0 3 * * SUN\" --zone UTC"
            })
    int preview(
            @Mixin Common common,
            @Parameters(paramLabel = "CRON", description = "Minute, hour, day, month, day of the week; in quotes.")
                    String cron,
            @Option(
                            names = "--zone",
                            paramLabel = "ZONE",
                            required = true,
                            description = "The time zone that it is meant in, such as Europe/Berlin.")
                    String zone) {
        Server.Answer answer = server(common)
                .post(
                        "api/schedules/preview",
                        Json.createObjectBuilder(Map.of("cron", cron, "zone", zone))
                                .build());
        if (common.json) {
            print(answer.object());
        } else {
            print(fireTimes(fires(answer.facts(), "fires"), zone), "It never fires.");
        }
        return ExitCode.DONE.number();
    }

    private static String when(Facts schedule) {
        return schedule.text("cron").orElseGet(() -> "after " + schedule.textOr("after", "another job"));
    }

    private static List<Instant> fires(Facts from, String name) {
        return from.texts(name).stream().map(Instant::parse).toList();
    }

    private Table fireTimes(List<Instant> fires, String name) {
        ZoneId zone = zone(name);
        boolean same = zone.equals(shell.zone());
        Table table = table().column("IN " + name);
        if (!same) {
            table.column("IN " + shell.zone() + " (YOURS)");
        }
        for (Instant fire : fires) {
            if (same) {
                table.row(Words.day(fire, zone));
            } else {
                table.row(Words.day(fire, zone), Words.day(fire, shell.zone()));
            }
        }
        return table;
    }

    private static ZoneId zone(String name) {
        try {
            return ZoneId.of(name);
        } catch (DateTimeException e) {
            return ZoneId.of("UTC");
        }
    }

    private State state(Facts schedule) {
        if (schedule.text("enabled").filter("false"::equals).isPresent()) {
            return new State("–", "disabled", State.Tone.PLAIN);
        }
        return schedule.object("paused")
                .map(pause -> new State(
                        "–",
                        "paused"
                                + pause.time("until")
                                        .map(until -> " until " + Words.time(until, shell.zone()))
                                        .orElse("")
                                + pause.text("why").map(why -> ": " + why).orElse(""),
                        State.Tone.WARNING))
                .orElse(new State("●", "active", State.Tone.PLAIN));
    }
}
