package dev.nightshift.cli;

import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import java.net.URI;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/** Checks an API key and keeps it for the commands that follow. */
@Command(
        name = "login",
        description = "Check an API key and keep it, with the server and the project, for the commands that follow.",
        footer = {
            "",
            "The key is asked for on the terminal, or read from NIGHTSHIFT_KEY, NIGHTSHIFT_KEY_FILE or",
            "--key-file. Make one in the console or by POST /api/keys. It is kept in nightshift/config below",
            "$XDG_CONFIG_HOME or ~/.config, which only you can read.",
            "",
            "Examples:",
            "  nightshift login --url https://nightshift.example.com:9443 --project shop",
            "  nightshift login --url http://127.0.0.1:9080    (on Nightshift's own machine)",
            "",
            "A certificate that this machine does not trust, such as the one that a server makes for",
            "itself: fetch it, compare its fingerprint with the server's, and give it:",
            "  openssl s_client -connect localhost:9443 </dev/null | openssl x509 > nightshift.pem",
            "  nightshift login --url https://localhost:9443 --ca-file nightshift.pem"
        })
final class LoginCommand extends Group implements Callable<Integer> {
    @Option(
            names = "--url",
            paramLabel = "URL",
            description = "The server: https://host:9443. Otherwise NIGHTSHIFT_URL.")
    @Nullable
    String url;

    @Option(
            names = "--key-file",
            paramLabel = "FILE",
            description = "Read the key from this file instead of asking for it.")
    @Nullable
    Path keyFile;

    @Option(
            names = "--ca-file",
            paramLabel = "FILE",
            description = "Trust the certificates in this PEM file instead of those that Java trusts. Otherwise"
                    + " NIGHTSHIFT_CA_FILE.")
    @Nullable
    Path caFile;

    @Option(
            names = "--project",
            paramLabel = "NAME",
            description = "The project of the commands that follow; may be left out where the key knows only one.")
    @Nullable
    String project;

    @Option(names = "--json", description = "Print what was stored as JSON, without the key.")
    boolean json;

    LoginCommand(Shell shell) {
        super(shell);
    }

    @Override
    public Integer call() {
        URI address = Optional.ofNullable(url)
                .or(() -> shell.variable("NIGHTSHIFT_URL"))
                .map(Settings::address)
                .orElseThrow(() -> new Trouble(ExitCode.WRONG_USAGE, "Which server?", "Give --url https://host:9443."));
        Path trusted = Optional.ofNullable(caFile)
                .or(() -> shell.variable("NIGHTSHIFT_CA_FILE").map(Path::of))
                .map(Path::toAbsolutePath)
                .orElse(null);
        String key = key();
        Server server = new Server(new Settings(address, key, null, trusted));
        Facts me = server.get("api/me").facts();
        List<String> projects = new Facts(server.get("api/projects").object())
                .list("items").stream()
                        .flatMap(each -> each.text("name").stream())
                        .toList();
        String chosen = choose(
                Optional.ofNullable(project)
                        .or(() -> shell.variable("NIGHTSHIFT_PROJECT"))
                        .orElse(null),
                projects);
        SettingsFile file = SettingsFile.of(shell);
        file.write(
                new SettingsFile.Stored(address.toString(), key, chosen, trusted == null ? null : trusted.toString()));
        if (json) {
            JsonObjectBuilder stored =
                    Json.createObjectBuilder().add("url", address.toString()).add("name", me.textOr("name", ""));
            if (chosen == null) {
                stored.addNull("project");
            } else {
                stored.add("project", chosen);
            }
            print(stored.build());
            return ExitCode.DONE.number();
        }
        shell.say("Logged in at " + address + " as " + me.textOr("name", "") + ", kept in " + file.path() + ".");
        shell.say(
                chosen != null
                        ? "Project: " + chosen
                        : projects.isEmpty()
                                ? "There is no project yet."
                                : "Several projects: name one with --project, at each command or at login. "
                                        + String.join(", ", projects));
        return ExitCode.DONE.number();
    }

    private String key() {
        if (keyFile != null) {
            return Settings.keyIn(keyFile);
        }
        return Settings.ofEnvironment(shell)
                .or(() -> shell.secret().get().map(typed -> Settings.key(typed, "What was typed")))
                .orElseThrow(() -> new Trouble(
                        ExitCode.WRONG_USAGE,
                        "There is no terminal to ask for the key.",
                        "Set NIGHTSHIFT_KEY or give --key-file."));
    }

    private static @Nullable String choose(@Nullable String asked, List<String> projects) {
        if (asked != null && !projects.contains(asked)) {
            throw new Trouble(
                    ExitCode.NOT_FOUND,
                    "The key knows no project " + asked + ".",
                    projects.isEmpty() ? null : "It knows " + String.join(", ", projects) + ".");
        }
        return asked != null ? asked : projects.size() == 1 ? projects.get(0) : null;
    }
}
