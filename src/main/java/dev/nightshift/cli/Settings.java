package dev.nightshift.cli;

import java.net.URI;
import java.nio.file.Path;
import java.util.Optional;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * With which server a command speaks, as whom, and of which project.
 *
 * @param url ends with a slash
 * @param caFile PEM of the certificate or authority to trust besides those that Java trusts
 */
record Settings(
        URI url,
        String key,
        @Nullable String project,
        @Nullable Path caFile) {
    private static final Pattern KEY = Pattern.compile("[!-~]{8,500}");

    /** Without the key. */
    @Override
    public String toString() {
        return "Settings[" + url + ", " + project + "]";
    }

    /** The project that the command is about. */
    String neededProject() {
        if (project == null) {
            throw new Trouble(
                    ExitCode.WRONG_USAGE,
                    "Which project?",
                    "Give --project, set NIGHTSHIFT_PROJECT, or name it once with nightshift login.");
        }
        return project;
    }

    /**
     * The address of a server, checked: an API key goes over plain HTTP to this machine alone.
     *
     * @throws Trouble if it is none
     */
    static URI address(String text) {
        URI uri;
        try {
            uri = URI.create(text.strip().endsWith("/") ? text.strip() : text.strip() + "/");
        } catch (IllegalArgumentException e) {
            throw noAddress(text);
        }
        String host = uri.getHost();
        if (host == null || uri.getRawQuery() != null || uri.getRawUserInfo() != null || uri.getRawFragment() != null) {
            throw noAddress(text);
        }
        boolean secure = "https".equalsIgnoreCase(uri.getScheme());
        if (!secure && !"http".equalsIgnoreCase(uri.getScheme())) {
            throw noAddress(text);
        }
        if (!secure && !host.equals("localhost") && !host.equals("[::1]") && !host.matches("127(\\.\\d{1,3}){3}")) {
            throw new Trouble(
                    ExitCode.WRONG_USAGE,
                    "Over plain HTTP the key could be read on its way to " + host + ".",
                    "Use https://; http:// is for a server on this machine.");
        }
        return uri;
    }

    private static Trouble noAddress(String text) {
        return new Trouble(
                ExitCode.WRONG_USAGE, "\"" + text + "\" is no address of a server.", "Write https://host:9443.");
    }

    /**
     * A key as it may stand in a header.
     *
     * @throws Trouble if it cannot be one; the message does not repeat it
     */
    static String key(String text, String whence) {
        String key = text.strip();
        if (!KEY.matcher(key).matches()) {
            throw new Trouble(
                    ExitCode.NOT_ALLOWED,
                    whence + " holds no API key.",
                    "A key is one word of letters, digits and signs, such as ns_…; an admin of the project makes one.");
        }
        return key;
    }

    /**
     * What holds for a command: the option, else the environment, else what the last login stored.
     *
     * @param project of the option --project
     */
    static Settings of(Shell shell, SettingsFile file, @Nullable String project) {
        Optional<SettingsFile.Stored> stored = file.read();
        URI url = shell.variable("NIGHTSHIFT_URL")
                .map(Settings::address)
                .or(() -> stored.map(known -> address(known.url())))
                .orElseThrow(
                        () -> new Trouble(
                                ExitCode.NOT_ALLOWED,
                                "No server is known.",
                                "Log in with nightshift login --url https://host:9443, or set NIGHTSHIFT_URL and NIGHTSHIFT_KEY."));
        // A stored key is for the server that it was checked with, and is shown to no other
        Optional<SettingsFile.Stored> same =
                stored.filter(known -> address(known.url()).equals(url));
        String key = ofEnvironment(shell)
                .or(() -> same.map(known -> key(known.key(), file.path().toString())))
                .orElseThrow(() -> new Trouble(
                        ExitCode.NOT_ALLOWED,
                        "There is no API key for " + url + ".",
                        "Log in with nightshift login --url " + url + ", or set NIGHTSHIFT_KEY."));
        return new Settings(
                url,
                key,
                project != null
                        ? project
                        : shell.variable("NIGHTSHIFT_PROJECT")
                                .or(() -> same.flatMap(known -> Optional.ofNullable(known.project())))
                                .orElse(null),
                shell.variable("NIGHTSHIFT_CA_FILE")
                        .or(() -> same.flatMap(known -> Optional.ofNullable(known.caFile())))
                        .map(Path::of)
                        .orElse(null));
    }

    /** The key that the environment gives, itself or in a file. */
    static Optional<String> ofEnvironment(Shell shell) {
        return shell.variable("NIGHTSHIFT_KEY")
                .map(text -> key(text, "NIGHTSHIFT_KEY"))
                .or(() -> shell.variable("NIGHTSHIFT_KEY_FILE").map(file -> keyIn(Path.of(file))));
    }

    /**
     * The key in a file that was given for it, as ssh takes one: not where every user of the machine may read it. A group may,
     * because some systems mount secrets so.
     */
    static String keyIn(Path file) {
        SettingsFile.refuseIfOpenTo(file, SettingsFile.OTHERS);
        return key(SettingsFile.text(file), "The file " + file);
    }
}
