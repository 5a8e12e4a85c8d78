package dev.nightshift.cli;

import java.time.Duration;

/**
 * Waits for a run's end and says how far it is: by a bar on a terminal, by a line for each change elsewhere. Leaving does not
 * stop the run.
 */
final class Waiting {
    private static final Duration LOOK = Duration.ofSeconds(1);

    /** For a server that starts anew, or a network that comes back. */
    static final Duration PATIENCE = Duration.ofMinutes(2);

    private final Shell shell;
    private final Server server;
    private long answered = System.nanoTime();

    Waiting(Shell shell, Server server) {
        this.shell = shell;
        this.server = server;
    }

    /**
     * The run once it is over.
     *
     * @param first as it was a moment ago
     */
    Facts untilOver(Facts first) {
        String id = first.textOr("id", "");
        Thread leaving = new Thread(() -> shell.say((shell.errIsTerminal() ? "\n" : "") + "Run " + id
                + " goes on. Follow it: nightshift run log " + id + " --follow. Stop it: nightshift run stop " + id));
        Runtime.getRuntime().addShutdownHook(leaving);
        Facts run = first;
        tellStart(run);
        while (!State.isOver(run.textOr("status", ""))) {
            pause();
            Facts next = look(id, run);
            tell(run, next);
            run = next;
        }
        if (shell.errIsTerminal()) {
            shell.err().print("\r\u001b[K");
            shell.err().flush();
        }
        try {
            Runtime.getRuntime().removeShutdownHook(leaving);
        } catch (IllegalStateException e) {
            return run; // it ended in the moment of Ctrl-C
        }
        return run;
    }

    /** The run as it is now, or as it was while the server does not answer. */
    private Facts look(String id, Facts before) {
        try {
            Facts run = server.get(server.inProject("runs", id)).facts();
            answered = System.nanoTime();
            return run;
        } catch (Trouble e) {
            if (e.code() != ExitCode.NOT_REACHABLE || System.nanoTime() - answered > PATIENCE.toNanos()) {
                throw e;
            }
            return before;
        }
    }

    private void tellStart(Facts run) {
        if (!shell.errIsTerminal()) {
            shell.say("Run " + run.textOr("id", "") + ": " + run.textOr("job", "") + "  "
                    + State.of(run.textOr("status", "")).text());
        }
    }

    private void tell(Facts before, Facts now) {
        if (shell.errIsTerminal()) {
            String bar = RunText.bar(now, shell.clock().now());
            shell.err().print("\r\u001b[K" + shortened(bar));
            shell.err().flush();
        } else {
            String at = Words.time(shell.clock().now(), shell.zone());
            RunText.news(before, now).forEach(line -> shell.say(at + "  " + line));
        }
    }

    /** A bar that wraps cannot be drawn over. */
    private String shortened(String bar) {
        int width = shell.variable("COLUMNS")
                .filter(columns -> columns.matches("\\d{2,4}"))
                .map(Integer::parseInt)
                .orElse(80);
        return bar.length() < width ? bar : bar.substring(0, width - 2) + "…";
    }

    static void pause() {
        try {
            Thread.sleep(LOOK.toMillis());
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new Trouble(ExitCode.NOT_REACHABLE, "Interrupted.", null);
        }
    }
}
