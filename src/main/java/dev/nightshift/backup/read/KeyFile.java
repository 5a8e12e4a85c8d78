package dev.nightshift.backup.read;

import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.BackupKeys;
import dev.nightshift.vault.ExportedKeys;
import dev.nightshift.vault.RecoveryKit;
import jakarta.json.Json;
import jakarta.json.JsonWriter;
import jakarta.json.stream.JsonGenerator;
import java.io.Console;
import java.io.IOException;
import java.io.PrintStream;
import java.io.StringWriter;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import org.jspecify.annotations.Nullable;

/** The file that opens what is stored: a recovery kit with its passphrase, or a project's keys as they were exported. */
final class KeyFile {
    private KeyFile() {}

    /**
     * Prints what a kit says of its project, but for the keys themselves.
     *
     * @throws Failure.Fatal if it is no kit, was altered, or the passphrase does not open it
     */
    static void show(Path file, @Nullable Path passphraseFile, PrintStream out) {
        RecoveryKit kit = RecoveryKit.read(file);
        RecoveryKit.Content content = kit.open(passphrase(passphraseFile));
        out.println("Recovery kit of project " + kit.project() + ", made at " + kit.madeAt() + ", with the keys "
                + String.join(", ", content.keys().ids()) + "; " + content.primary() + " is the newest.");
        StringWriter about = new StringWriter(); // the writer closes what it writes to
        try (JsonWriter writer = Json.createWriterFactory(Map.of(JsonGenerator.PRETTY_PRINTING, true))
                .createWriter(about)) {
            writer.writeObject(content.about());
        }
        out.println(about.toString().strip());
    }

    /**
     * Reads the keys.
     *
     * @param passphraseFile whose first line is the kit's passphrase; null to ask on the terminal
     * @throws Failure.Fatal if it is neither, was altered, or the passphrase does not open it
     */
    static BackupKeys open(Path file, @Nullable Path passphraseFile) {
        String text;
        try {
            text = Files.readString(file, StandardCharsets.UTF_8);
        } catch (IOException e) {
            throw new Failure.Fatal(
                    "The file " + file + " cannot be read.", "Give the recovery kit, or the exported keys.", e);
        }
        return RecoveryKit.isKit(text)
                ? RecoveryKit.parse(text, file.toString())
                        .open(passphrase(passphraseFile))
                        .keys()
                : ExportedKeys.parse(text, file.toString());
    }

    private static String passphrase(@Nullable Path file) {
        String passphrase = file == null ? asked() : firstLine(file);
        if (passphrase.isEmpty()) {
            throw new Failure.Fatal("The passphrase is empty.", "Give the one that the kit was made with.", null);
        }
        return passphrase;
    }

    private static String firstLine(Path file) {
        try {
            return Files.readString(file, StandardCharsets.UTF_8)
                    .lines()
                    .findFirst()
                    .orElse("");
        } catch (IOException e) {
            throw new Failure.Fatal(
                    "The passphrase's file " + file + " cannot be read.", "Put the passphrase into its first line.", e);
        }
    }

    @SuppressWarnings("SystemConsoleNull") // of a later Java
    private static String asked() {
        Console console = System.console();
        char[] typed = console == null ? null : console.readPassword("Passphrase of the recovery kit: ");
        if (typed == null) {
            throw new Failure.Fatal(
                    "The recovery kit wants its passphrase, and there is no terminal to ask on.",
                    "Give a file that holds it: --passphrase-file <file>.",
                    null);
        }
        String passphrase = new String(typed);
        Arrays.fill(typed, '\0');
        return passphrase;
    }
}
