package dev.nightshift.backup;

import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Secret;
import dev.nightshift.job.Parameters;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.BackupKeys;
import dev.nightshift.vault.RecoveryKit;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.Optional;

/**
 * The recovery kit that a drill opens its backup with, in place of the project's keys: whether the kit that lies in the safe would do. Kit
 * and passphrase are files of the node, so that a schedule can name them; neither is stored anywhere else.
 */
@ApplicationScoped
class DrillKit {
    static final String KIT = "kit";
    static final String PASSPHRASE_FILE = "passphraseFile";

    /** Far more than a passphrase has. */
    private static final long MOST_BYTES = 4096;

    @Inject
    private Fleet fleet;

    /** What the kit holds, and when it was made. */
    record Opened(BackupKeys keys, Instant madeAt) {}

    /**
     * Lets pass none, or two files that a drill may read.
     *
     * @throws Failure.Invalid naming the parameter
     */
    void check(Parameters parameters) {
        boolean kit = parameters.text(KIT).isPresent();
        if (kit != parameters.text(PASSPHRASE_FILE).isPresent()) {
            throw new Failure.Invalid(
                    "parameters." + (kit ? PASSPHRASE_FILE : KIT),
                    "Name a recovery kit and the file with its passphrase.");
        }
        if (kit) {
            path(parameters, KIT);
            path(parameters, PASSPHRASE_FILE);
        }
    }

    private Path path(Parameters parameters, String name) {
        return fleet.credentialRoots()
                .confined("parameters." + name, parameters.text(name).orElse(""));
    }

    /** Nor does it wait for a pipe. */
    private static void readable(Path file) {
        if (!Files.isRegularFile(file) || !Files.isReadable(file)) {
            throw new Failure.Skippable(
                    "The file " + file + " cannot be read on this node.",
                    "Put it there, on every node that may run the drill, readable for Nightshift's user.",
                    null);
        }
    }

    /**
     * Opens it; empty where the project's own keys are used.
     *
     * @throws Failure.Skippable if this node lacks one of the files, or may not read it
     * @throws Failure.Fatal if it does not open, or is of another project
     */
    Optional<Opened> of(TargetRun target) {
        if (target.parameters().text(KIT).isEmpty()) {
            return Optional.empty();
        }
        Path file = fleet.boundary().allowed("recovery kit", path(target.parameters(), KIT));
        Path passphrase = path(target.parameters(), PASSPHRASE_FILE);
        readable(file);
        readable(passphrase);
        if (passphrase.toFile().length() > MOST_BYTES) {
            throw new Failure.Skippable(
                    "The passphrase file " + passphrase + " is too long for one.",
                    "Put the passphrase into its first line.",
                    null);
        }
        RecoveryKit kit = RecoveryKit.read(file);
        if (!kit.project().equals(target.project())) {
            throw new Failure.Fatal(
                    "The recovery kit " + file + " is of another project, " + kit.project() + ".",
                    "Give the kit of this project.",
                    null);
        }
        BackupKeys keys =
                kit.open(Secret.reading(passphrase, fleet.boundary()).get()).keys();
        target.info(
                "The keys are those of the recovery kit " + file + ", made at " + kit.madeAt() + ", and no others.");
        return Optional.of(new Opened(keys, kit.madeAt()));
    }
}
