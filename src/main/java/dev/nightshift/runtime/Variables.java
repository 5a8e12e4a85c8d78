package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.TypedSettings;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.TreeMap;
import java.util.function.Consumer;

/** Environment variables read with their types; every complaint is kept, so that a person hears all of them at once. */
final class Variables {
    private final Map<String, String> environment;
    private final List<String> complaints = new ArrayList<>();

    Variables(Map<String, String> environment) {
        this.environment = environment;
    }

    /** Keeps a complaint: the variable's name followed by what is wrong with it. The value is for the caller to repeat. */
    void wrong(String name, String complaint) {
        complaints.add(name + " " + complaint + ".");
    }

    /** Keeps a complaint that begins with the variable's name. */
    void refused(Failure.Invalid complaint) {
        complaints.add(String.valueOf(complaint.getMessage()));
    }

    /** @throws Failure.Invalid with every complaint, if there is one */
    void refuseWrong() {
        if (!complaints.isEmpty()) {
            String first = complaints.get(0);
            throw new Failure.Invalid(first.substring(0, first.indexOf(' ')), String.join("\n", complaints));
        }
    }

    /** The value without white space around it; an empty one counts as not set. */
    Optional<String> text(String name) {
        return Optional.ofNullable(environment.get(name)).map(String::strip).filter(value -> !value.isEmpty());
    }

    boolean isSet(String name) {
        return text(name).isPresent();
    }

    String needed(String name, String what) {
        return text(name).orElseGet(() -> {
            wrong(name, "is needed with NIGHTSHIFT_REPOSITORY_URL: " + what);
            return "";
        });
    }

    int port(String name, int standard) {
        Optional<String> value = text(name);
        if (value.isEmpty()) {
            return standard;
        }
        if (value.get().matches("\\d{1,5}")) {
            int port = Integer.parseInt(value.get());
            if (port >= 1 && port <= 65535) {
                return port;
            }
        }
        wrong(name, "is \"" + value.get() + "\": it must be a TCP port from 1 to 65535");
        return standard;
    }

    Duration seconds(String name, int standard, int longest) {
        Optional<String> value = text(name);
        if (value.isPresent()) {
            if (value.get().matches("\\d{1,9}") && Integer.parseInt(value.get()) <= longest) {
                return Duration.ofSeconds(Integer.parseInt(value.get()));
            }
            wrong(name, "is \"" + value.get() + "\": it must be a number of seconds from 0 to " + longest);
        }
        return Duration.ofSeconds(standard);
    }

    int count(String name, int standard, int most) {
        Optional<String> value = text(name);
        if (value.isPresent()) {
            if (value.get().matches("\\d{1,9}")) {
                int count = Integer.parseInt(value.get());
                if (count >= 1 && count <= most) {
                    return count;
                }
            }
            wrong(name, "is \"" + value.get() + "\": it must be a whole number from 1 to " + most);
        }
        return standard;
    }

    void differ(Map<String, Integer> ports) {
        Map<Integer, String> seen = new TreeMap<>();
        new TreeMap<>(ports).forEach((name, port) -> {
            String other = seen.putIfAbsent(port, name);
            if (other != null) {
                wrong(name, "is " + port + ", and so is " + other + ": each needs a port of its own");
            }
        });
    }

    /** Has settings read as the application will read them, so that it need not be started to hear of a wrong one. */
    void readable(Consumer<TypedSettings> reader) {
        try {
            reader.accept(TypedSettings.of(environment));
        } catch (IllegalArgumentException e) {
            String complaint = String.valueOf(e.getMessage());
            int name = complaint.indexOf(' ');
            wrong(TypedSettings.variable(complaint.substring(0, name)), complaint.substring(name + 1));
        }
    }

    boolean flag(String name, boolean standard) {
        Optional<String> value = text(name).map(text -> text.toLowerCase(Locale.ROOT));
        if (value.isPresent() && !value.get().equals("true") && !value.get().equals("false")) {
            wrong(name, "is \"" + value.get() + "\": it must be true or false");
        }
        return value.map(Boolean::parseBoolean).orElse(standard);
    }

    Path path(String name, Path standard) {
        Optional<String> value = text(name);
        try {
            return value.map(Path::of).orElse(standard).toAbsolutePath().normalize();
        } catch (InvalidPathException e) {
            wrong(name, "is no path: " + e.getReason());
            return standard;
        }
    }

    /** A file that can be read. */
    Optional<Path> file(String name) {
        Optional<String> value = text(name);
        try {
            Optional<Path> file =
                    value.map(text -> Path.of(text).toAbsolutePath().normalize());
            if (file.filter(Files::isReadable).isEmpty() && value.isPresent()) {
                wrong(name, "points to " + value.get() + ", which cannot be read");
            }
            return file;
        } catch (InvalidPathException e) {
            wrong(name, "is no path: " + e.getReason());
            return Optional.empty();
        }
    }

    /** The variable's value, or what the file holds that the variable with {@code _FILE} behind its name points to. */
    Optional<LauncherConfig.Secret> secret(String name) {
        Optional<String> file = text(name + "_FILE");
        Optional<String> value = text(name);
        if (file.isPresent() && value.isPresent()) {
            wrong(name, "and " + name + "_FILE are both set: set one");
        }
        if (file.isEmpty()) {
            return value.map(text -> new LauncherConfig.Secret(text, Optional.empty()));
        }
        try {
            Path path = Path.of(file.get()).toAbsolutePath();
            String text = Files.readString(path, StandardCharsets.UTF_8).strip();
            if (text.isEmpty()) {
                wrong(name + "_FILE", "points to " + path + ", which is empty");
            }
            return Optional.of(new LauncherConfig.Secret(text, Optional.of(path)));
        } catch (IOException | InvalidPathException e) {
            wrong(name + "_FILE", "points to " + file.get() + ", which cannot be read");
            return Optional.empty();
        }
    }

    LauncherConfig.Secret neededSecret(String name) {
        return secret(name).orElseGet(() -> {
            if (!isSet(name + "_FILE")) {
                wrong(name, "or " + name + "_FILE is needed with NIGHTSHIFT_REPOSITORY_URL");
            }
            return new LauncherConfig.Secret("", Optional.empty());
        });
    }
}
