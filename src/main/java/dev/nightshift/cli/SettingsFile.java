package dev.nightshift.cli;

import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.Collections;
import java.util.Optional;
import java.util.Set;
import org.jspecify.annotations.Nullable;

/** What a login keeps for the commands after it: one JSON object in a file that only its owner may read. */
record SettingsFile(Path path) {
    private static final Set<PosixFilePermission> OWNER_ONLY = PosixFilePermissions.fromString("rw-------");

    /** Every user of the machine. */
    static final Set<PosixFilePermission> OTHERS = PosixFilePermissions.fromString("------rwx");

    private static final Set<PosixFilePermission> ALL_BUT_OWNER = PosixFilePermissions.fromString("---rwxrwx");

    /** A login. */
    record Stored(
            String url,
            String key,
            @Nullable String project,
            @Nullable String caFile) {
        /** Without the key. */
        @Override
        public String toString() {
            return "Stored[" + url + "]";
        }
    }

    /** Where the XDG base directory specification wants it. */
    static SettingsFile of(Shell shell) {
        Path folder = shell.variable("XDG_CONFIG_HOME")
                .map(Path::of)
                .filter(Path::isAbsolute)
                .orElseGet(() ->
                        Path.of(shell.variable("HOME").orElseGet(() -> System.getProperty("user.home")), ".config"));
        return new SettingsFile(folder.resolve("nightshift").resolve("config"));
    }

    /** Empty when nobody is logged in. */
    Optional<Stored> read() {
        if (!Files.exists(path)) {
            return Optional.empty();
        }
        refuseIfOpenTo(path, ALL_BUT_OWNER);
        try (JsonReader reader = Json.createReader(new StringReader(text(path)))) {
            Facts stored = new Facts(reader.readObject());
            return Optional.of(new Stored(
                    stored.text("url").orElseThrow(this::unreadable),
                    stored.text("key").orElseThrow(this::unreadable),
                    stored.text("project").orElse(null),
                    stored.text("caFile").orElse(null)));
        } catch (JsonException | IllegalStateException e) {
            throw unreadable();
        }
    }

    /** Written beside and moved into place: there is never half a file, nor one that others may read. */
    void write(Stored login) {
        JsonObject json = Json.createObjectBuilder(java.util.Map.of("url", login.url(), "key", login.key()))
                .build();
        var builder = Json.createObjectBuilder(json);
        if (login.project() != null) {
            builder.add("project", login.project());
        }
        if (login.caFile() != null) {
            builder.add("caFile", login.caFile());
        }
        Path folder = path.toAbsolutePath().getParent();
        try {
            Files.createDirectories(folder);
            Path fresh =
                    Files.createTempFile(folder, ".config", ".new", PosixFilePermissions.asFileAttribute(OWNER_ONLY));
            try {
                Files.writeString(fresh, builder.build() + "\n");
                Files.move(fresh, path, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
            } finally {
                Files.deleteIfExists(fresh);
            }
        } catch (IOException e) {
            throw new Trouble(ExitCode.WRONG_USAGE, "The login cannot be stored in " + path + ": " + e, null);
        }
    }

    /** Whether there was one. */
    boolean delete() {
        try {
            return Files.deleteIfExists(path);
        } catch (IOException e) {
            throw new Trouble(ExitCode.WRONG_USAGE, path + " cannot be removed: " + e, null);
        }
    }

    /** A small text file that a person named. */
    static String text(Path file) {
        try {
            return Files.readString(file);
        } catch (NoSuchFileException e) {
            throw new Trouble(ExitCode.WRONG_USAGE, "There is no file " + file + ".", null);
        } catch (IOException e) {
            throw new Trouble(ExitCode.WRONG_USAGE, "The file " + file + " cannot be read: " + e, null);
        }
    }

    /** Refuses a file that holds a key and is open to somebody whom it should not be. */
    static void refuseIfOpenTo(Path file, Set<PosixFilePermission> whom) {
        try {
            if (!Collections.disjoint(whom, Files.getPosixFilePermissions(file))) {
                throw new Trouble(
                        ExitCode.NOT_ALLOWED,
                        file + " can be read by others.",
                        "Change that: chmod 600 " + file + "; of a mounted secret, change its mode.");
            }
        } catch (NoSuchFileException e) {
            throw new Trouble(ExitCode.WRONG_USAGE, "There is no file " + file + ".", null);
        } catch (IOException e) {
            throw new Trouble(ExitCode.WRONG_USAGE, "The file " + file + " cannot be read: " + e, null);
        }
    }

    private Trouble unreadable() {
        return new Trouble(
                ExitCode.WRONG_USAGE, path + " cannot be understood.", "Log in again: nightshift login --url …");
    }
}
