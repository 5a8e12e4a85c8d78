package dev.nightshift.cli;

import java.util.Objects;
import java.util.concurrent.Callable;
import picocli.AutoComplete;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** The script by which a shell completes commands and options. */
@Command(
        name = "completion",
        description = "Print the script by which bash or zsh completes commands and options.",
        footer = {
            "",
            "Examples:",
            "  source <(nightshift completion bash)    (in ~/.bashrc)",
            "  source <(nightshift completion zsh)     (in ~/.zshrc, after compinit)"
        })
final class CompletionCommand extends Group implements Callable<Integer> {
    /** Both take the same script: it turns on bash's completion in zsh. */
    enum Kind {
        bash,
        zsh
    }

    @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}")
    Kind kind = Kind.bash;

    @Spec
    @SuppressWarnings("NullAway.Init") // picocli sets it
    CommandSpec spec;

    CompletionCommand(Shell shell) {
        super(shell);
    }

    @Override
    public Integer call() {
        Objects.requireNonNull(kind);
        shell.print(AutoComplete.bash("nightshift", spec.root().commandLine()).strip());
        return ExitCode.DONE.number();
    }
}
