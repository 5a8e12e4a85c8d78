package dev.nightshift.backup.proof;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.LinkOption;
import java.nio.file.Path;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;

/**
 * What a restored data folder's configuration files say, as the server reads them (manual, section 19.1.2): the last word on
 * a setting counts. They came out of a backup, so no link is followed and nothing is read outside of the data folder.
 */
final class ConfigurationFile {
    private static final Pattern LINE = Pattern.compile(
            "\\s*([A-Za-z_][A-Za-z0-9_$.]*)(?:\\s*=\\s*|\\s+)('(?:[^'\\\\]++|''|\\\\.)*+'|[^\\s#']+)\\s*(?:#.*)?");

    private static final int MOST_BYTES = 1 << 20;

    /** A name of a library takes 64; a pattern that matches a longer line would need a deep stack. */
    private static final int LONGEST_LINE = 4096;

    /** Includes of includes could be made to take years. */
    private static final int MOST_FILES = 1000;

    /** As the server has it. */
    private static final int DEEPEST = 10;

    private final Path data;
    private final Map<String, String> values = new HashMap<>();
    private int files;

    private ConfigurationFile(Path data) {
        this.data = data.toAbsolutePath().normalize();
    }

    /**
     * Every setting by its name in lower case.
     *
     * @throws IOException if a file that is there cannot be read
     */
    static Map<String, String> in(Path data) throws IOException {
        ConfigurationFile all = new ConfigurationFile(data);
        all.read(all.data.resolve("postgresql.conf"), 0);
        all.read(all.data.resolve("postgresql.auto.conf"), 0);
        return all.values;
    }

    private void read(Path file, int depth) throws IOException {
        if (depth > DEEPEST || !isOurs(file) || !Files.isRegularFile(file, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        if (++files > MOST_FILES) {
            throw new IOException("The configuration includes more than " + MOST_FILES + " files.");
        }
        for (String line : text(file).lines().toList()) {
            if (line.length() > LONGEST_LINE) {
                continue;
            }
            Matcher matcher = LINE.matcher(line);
            if (!matcher.matches()) {
                continue;
            }
            String value = unquoted(matcher.group(2));
            String name = matcher.group(1).toLowerCase(Locale.ROOT);
            switch (name) {
                case "include", "include_if_exists" -> read(beside(file, value), depth + 1);
                case "include_dir" -> readFolder(beside(file, value), depth + 1);
                default -> values.put(name, value);
            }
        }
    }

    private void readFolder(Path folder, int depth) throws IOException {
        if (!isOurs(folder) || !Files.isDirectory(folder, LinkOption.NOFOLLOW_LINKS)) {
            return;
        }
        List<Path> files;
        try (Stream<Path> found = Files.list(folder)) {
            files = found.filter(file -> file.toString().endsWith(".conf")
                            && !file.getFileName().toString().startsWith("."))
                    .sorted()
                    .toList();
        }
        for (Path file : files) {
            read(file, depth);
        }
    }

    private Path beside(Path file, String name) {
        return file.resolveSibling(name).normalize();
    }

    /** Whether it lies in the data folder, and no folder on the way to it is a link. */
    private boolean isOurs(Path file) {
        if (!file.startsWith(data)) {
            return false;
        }
        Path at = data;
        for (Path part : data.relativize(file)) {
            at = at.resolve(part);
            if (Files.isSymbolicLink(at)) {
                return false;
            }
        }
        return true;
    }

    private static String text(Path file) throws IOException {
        try (var in = Files.newInputStream(file, LinkOption.NOFOLLOW_LINKS)) {
            return new String(in.readNBytes(MOST_BYTES), StandardCharsets.ISO_8859_1);
        }
    }

    private static String unquoted(String value) {
        return value.startsWith("'")
                ? value.substring(1, value.length() - 1).replace("''", "'").replaceAll("\\\\(.)", "$1")
                : value;
    }
}
