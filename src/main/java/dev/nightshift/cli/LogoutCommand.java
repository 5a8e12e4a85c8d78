package dev.nightshift.cli;

import java.util.concurrent.Callable;
import picocli.CommandLine.Command;

/** Forgets what the login kept. */
@Command(
        name = "logout",
        description = "Forget the stored key. It stays valid until it is revoked.",
        footer = {"", "Example:", "  nightshift logout"})
final class LogoutCommand extends Group implements Callable<Integer> {
    LogoutCommand(Shell shell) {
        super(shell);
    }

    @Override
    public Integer call() {
        SettingsFile file = SettingsFile.of(shell);
        shell.say(file.delete() ? file.path() + " is removed." : "Nobody was logged in.");
        return ExitCode.DONE.number();
    }
}
