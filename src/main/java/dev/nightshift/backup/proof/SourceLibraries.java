package dev.nightshift.backup.proof;

import dev.nightshift.sandbox.Preload;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;

/**
 * The libraries that a restored cluster would load by itself.
 *
 * @param shared at its start, in its order
 * @param session in each session, in its order
 */
record SourceLibraries(List<String> shared, List<String> session) {
    private static final String SHARED = "shared_preload_libraries";
    private static final String SESSION = "session_preload_libraries";

    /** Where a library without a path is looked for; with it in front of the name it is the same library. */
    private static final String USUAL_FOLDER = "$libdir/";

    /**
     * As the source had them when it was backed up, where that was saved; else as its configuration files say.
     *
     * @param data the restored data folder, before a sandbox prepared it
     * @param saved a saved setting by its name
     * @throws IOException if a file cannot be read
     */
    static SourceLibraries of(Path data, Saved saved) throws IOException {
        Map<String, String> files = ConfigurationFile.in(data);
        UnaryOperator<String> value = name -> saved.setting(name).orElseGet(() -> files.getOrDefault(name, ""));
        return new SourceLibraries(list(value.apply(SHARED)), list(value.apply(SESSION)));
    }

    /** The settings that were saved beside the data. */
    @FunctionalInterface
    interface Saved {
        Optional<String> setting(String name);
    }

    /** Those that may be loaded, each where the source loads it. */
    Preload allowed(Set<String> allowed) {
        return new Preload(
                shared.stream().filter(allowed::contains).toList(),
                session.stream().filter(allowed::contains).toList());
    }

    /** Those that may not, each once. */
    List<String> leftOut(Set<String> allowed) {
        return List.copyOf(new LinkedHashSet<>(Stream.concat(shared.stream(), session.stream())
                .filter(name -> !allowed.contains(name))
                .toList()));
    }

    /** Names apart by commas, which may stand in quotation marks. */
    private static List<String> list(String value) {
        List<String> names = new ArrayList<>();
        for (String part : value.split(",", -1)) {
            String name = part.strip();
            if (name.length() > 1 && name.startsWith("\"") && name.endsWith("\"")) {
                name = name.substring(1, name.length() - 1).replace("\"\"", "\"");
            }
            if (name.startsWith(USUAL_FOLDER)) {
                name = name.substring(USUAL_FOLDER.length());
            }
            if (!name.isEmpty()) {
                names.add(name);
            }
        }
        return names;
    }
}
