package dev.nightshift.cli;

import jakarta.json.JsonArray;
import java.util.List;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/** The servers of the installation. */
@Command(
        name = "node",
        description = "Look at the nodes of the installation, take one out of work. For installation admins.",
        footer = {"", "Examples:", "  nightshift node list", "  nightshift node drain node-2"})
final class NodeCommands extends Group {
    private static final String ID = "The node's name or id.";

    NodeCommands(Shell shell) {
        super(shell);
    }

    @Command(
            name = "list",
            description = "The nodes of the last day.",
            footer = {"", "Example:", "  nightshift node list"})
    int list(@Mixin Common common) {
        JsonArray nodes = server(common).get("api/nodes").array();
        if (common.json) {
            print(nodes);
            return ExitCode.DONE.number();
        }
        Table table = table().column("NAME")
                .column("STATE")
                .number("RUNS")
                .column("LAST HEARTBEAT")
                .column("VERSION")
                .column("ID");
        for (Facts node : Facts.of(nodes)) {
            table.row(
                    node.textOr("name", ""),
                    state(node),
                    node.textOr("runs", ""),
                    node.time("lastHeartbeat")
                            .map(at -> Words.time(at, shell.zone()))
                            .orElse(""),
                    node.textOr("version", ""),
                    node.textOr("id", ""));
        }
        print(table, "There are no nodes.");
        return ExitCode.DONE.number();
    }

    private static State state(Facts node) {
        if (!node.is("alive")) {
            return new State("✖", "gone", State.Tone.BAD);
        }
        return node.is("draining")
                ? new State("–", "draining", State.Tone.WARNING)
                : new State("●", "alive", State.Tone.PLAIN);
    }

    @Command(
            name = "drain",
            description = "Have a node start nothing new; what it runs goes on.",
            footer = {"", "Example:", "  nightshift node drain node-2"})
    int drain(@Mixin Common common, @Parameters(paramLabel = "NODE", description = ID) String node) {
        return change(common, node, "drain", " takes no new runs.");
    }

    @Command(
            name = "resume",
            description = "Have a drained node work again.",
            footer = {"", "Example:", "  nightshift node resume node-2"})
    int resume(@Mixin Common common, @Parameters(paramLabel = "NODE", description = ID) String node) {
        return change(common, node, "resume", " takes runs again.");
    }

    private int change(Common common, String given, String action, String done) {
        Server server = server(common);
        List<String> found = Facts.of(server.get("api/nodes").array()).stream()
                .filter(node -> node.textOr("id", "").equals(given)
                        || (node.textOr("name", "").equals(given) && node.is("alive")))
                .map(node -> node.textOr("id", ""))
                .toList();
        if (found.size() != 1) {
            throw new Trouble(
                    ExitCode.NOT_FOUND,
                    (found.isEmpty() ? "No node that is alive is called " : "More than one node is called ") + given
                            + ".",
                    "Give an id of nightshift node list.");
        }
        Server.Answer answer = server.post("api/nodes/" + Server.segment(found.get(0)) + "/" + action, null);
        if (common.json) {
            print(answer.object());
        } else {
            shell.say(Words.plain(given) + done);
        }
        return ExitCode.DONE.number();
    }
}
