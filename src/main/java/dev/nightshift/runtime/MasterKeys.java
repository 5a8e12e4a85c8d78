package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.runtime.LauncherConfig.Secret;
import dev.nightshift.vault.KmsMasterKey;
import dev.nightshift.vault.LocalMasterKey;
import dev.nightshift.vault.MasterKey;
import dev.nightshift.vault.MasterKeyMark;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.Optional;

/** The master key as it was given, as the embedded mode generates it, or in a KMS; and its exchange for another one. */
final class MasterKeys {
    private final LauncherConfig config;
    private final Secrets secrets;
    private final MasterKeyFile file;

    MasterKeys(LauncherConfig config, Secrets secrets) {
        this.config = config;
        this.secrets = secrets;
        this.file = new MasterKeyFile(secrets);
    }

    /** Whether the embedded mode generates it, and keeps it in a file of its own. */
    private boolean isOwn() {
        return config.masterKey().isEmpty() && config.kms().isEmpty();
    }

    /** As it was given, or the file in which the embedded mode keeps its own; empty if it lies in a KMS. */
    Optional<Secret> local() {
        if (config.kms().isPresent()) {
            return Optional.empty();
        }
        return Optional.of(config.masterKey().orElseGet(() -> {
            Path kept = secrets.keyFile(Secrets.MASTER_KEY);
            try {
                return new Secret(Files.readString(kept), Optional.of(kept));
            } catch (IOException e) {
                throw new Failure.Fatal("The master key file " + kept + " cannot be read.", null, e);
            }
        }));
    }

    /** A new key beside old data would look like a start and be the loss of every backup. */
    void refuseLost() {
        boolean used = Files.exists(config.data().resolve("repository/data"));
        if (used && isOwn() && !secrets.has(Secrets.MASTER_KEY)) {
            throw new Failure.Fatal(
                    "The master key is gone: " + secrets.file(Secrets.MASTER_KEY) + ".",
                    "Put your copy of it back, or point NIGHTSHIFT_MASTER_KEY_FILE to it, or NIGHTSHIFT_MASTER_KEY_URI if it"
                            + " lies in a KMS; without it no backup and no stored password can be read.",
                    null);
        }
    }

    /**
     * Lets pass the key of this repository. A KMS is not asked: the server does that, and goes on asking.
     *
     * @throws Failure.Fatal if it is another one
     */
    void check(Optional<MasterKeyMark> mark) {
        if (config.kms().isPresent()) {
            mark.ifPresent(MasterKeyMark::requireKms);
            return;
        }
        mark.ifPresent(MasterKeyMark::requireLocal);
        if (isOwn()) {
            mark.map(MasterKeyMark::fingerprint).ifPresent(file::take); // where a rotation was cut short
        }
        LocalMasterKey key = LocalMasterKey.parse(local().orElseThrow().value());
        mark.map(MasterKeyMark::fingerprint).ifPresent(key::mustBe);
    }

    /** Before anything is started for an exchange. */
    void requireNew() {
        if (config.newKms().isPresent() && config.newMasterKey().isPresent()) {
            throw new Failure.Invalid(
                    "NIGHTSHIFT_NEW_MASTER_KEY_URI",
                    "NIGHTSHIFT_NEW_MASTER_KEY_URI and NIGHTSHIFT_NEW_MASTER_KEY are both set: set one.");
        }
        if (!isOwn() && config.newKms().isEmpty() && config.newMasterKey().isEmpty()) {
            throw new Failure.Invalid(
                    "NIGHTSHIFT_NEW_MASTER_KEY",
                    "NIGHTSHIFT_NEW_MASTER_KEY, or NIGHTSHIFT_NEW_MASTER_KEY_FILE, is needed: the key that this"
                            + " installation is to have. Make it with \"openssl rand -base64 32\" and keep it safe. Or"
                            + " NIGHTSHIFT_NEW_MASTER_KEY_URI, if it lies in a KMS.");
        }
    }

    /** Exchanges it, as the repository's owner. */
    void exchange(Connection connection, Terminal terminal) throws SQLException, InterruptedException {
        MasterKey from = inUse(connection);
        MasterKey to = successor(from);
        int projects = RotateMasterKey.in(connection, from, to);
        terminal.say("The keys of " + projects + (projects == 1 ? " project are" : " projects are")
                + " wrapped by the master key " + to.fingerprint() + ".");
        if (to.mark().kms().isPresent()) {
            terminal.say("It is in " + to.mark().kms().get().uri()
                    + ". Start every node with it from now on: NIGHTSHIFT_MASTER_KEY_URI.");
        } else if (isOwn()) {
            file.take(to.fingerprint());
            terminal.say("It is in " + secrets.file(Secrets.MASTER_KEY) + ". Copy it to the safe place now.");
        } else {
            terminal.say("Start every node with it from now on: NIGHTSHIFT_MASTER_KEY, or NIGHTSHIFT_MASTER_KEY_FILE.");
        }
        terminal.say("Copies of the repository that were made before open with the master key " + from.fingerprint()
                + " only: keep it as long as one of them.");
    }

    private MasterKey inUse(Connection connection) throws SQLException {
        if (config.kms().isEmpty()) {
            return LocalMasterKey.parse(local().orElseThrow().value());
        }
        MasterKeyMark mark = MasterKeyMark.read(connection, false)
                .orElseThrow(() -> new Failure.Fatal(
                        "This installation has no master key yet: nothing was encrypted under one.",
                        "Start Nightshift with the key that it is to have.",
                        null));
        return KmsMasterKey.open(config.kms().get(), mark.requireKms());
    }

    private MasterKey successor(MasterKey from) {
        if (config.newKms().isPresent()) {
            return KmsMasterKey.begin(config.newKms().get());
        }
        LocalMasterKey to = config.newMasterKey()
                .map(secret -> LocalMasterKey.parse(secret.value()))
                .orElseGet(file::next);
        if (from.fingerprint().equals(to.fingerprint())) {
            throw new Failure.Invalid("NIGHTSHIFT_NEW_MASTER_KEY", "The new master key is the one that is in use.");
        }
        if (isOwn()) {
            file.keep(to);
        }
        return to;
    }
}
