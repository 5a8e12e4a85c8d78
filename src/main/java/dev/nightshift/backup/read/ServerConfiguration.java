package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Sealed;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.IOException;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/**
 * The configuration files of a source that keeps them outside of its data folder, written anew from the copy of its settings
 * and access rules that was saved beside the data.
 */
final class ServerConfiguration {
    static final String MAIN = "postgresql.conf";
    static final String HBA = "pg_hba.conf";
    private static final String IDENT = "pg_ident.conf";

    /** What a restored server must not do before it takes its source's place, for postgresql.auto.conf. */
    static final String HARMLESS = """

            # Restored by Nightshift: take these lines away once this server takes its source's place.
            archive_mode = 'off'
            primary_conninfo = ''
            max_logical_replication_workers = 0
            """;

    /** Where a setting was given; what roles and databases set is in the data, what the server computed is computed anew. */
    private static final Set<String> GIVEN = Set.of("configuration file", "command line");

    /** Folders, files and addresses of the source's machine: each would keep the server from starting on another one. */
    private static final Set<String> OF_THE_MACHINE = Set.of(
            "data_directory",
            "config_file",
            "hba_file",
            "ident_file",
            "external_pid_file",
            "listen_addresses",
            "unix_socket_directories",
            "unix_socket_group",
            "log_directory",
            "stats_temp_directory",
            "krb_server_keyfile",
            "ssl",
            "ssl_cert_file",
            "ssl_key_file",
            "ssl_ca_file",
            "ssl_crl_file",
            "ssl_crl_dir",
            "ssl_dh_params_file");

    private static final Pattern NAME = Pattern.compile("[A-Za-z_][A-Za-z0-9_$]*(\\.[A-Za-z_][A-Za-z0-9_$]*)*");

    /** What a word of an access rule may consist of without quotation marks (manual, chapter 21.1). */
    private static final Pattern PLAIN = Pattern.compile("[^\\s\",#]+");

    private ServerConfiguration() {}

    /**
     * Each file's text by its name.
     *
     * @param folder that the files go to; postgresql.conf names the two others in it
     * @throws DamageException if what was saved cannot be read
     */
    static Map<String, String> files(Sealed sealed, Path folder) throws IOException {
        Map<String, String> files = new LinkedHashMap<>();
        files.put(MAIN, settings(saved(sealed, "settings.json"), folder));
        files.put(HBA, rules(saved(sealed, "hba.json")));
        files.put(IDENT, maps(saved(sealed, "ident.json")));
        return files;
    }

    /** What the source's configuration gave for it; empty if it was not saved, or left at its default. */
    static Optional<String> setting(Sealed sealed, String name) throws IOException {
        return saved(sealed, "settings.json").stream()
                .filter(setting ->
                        name.equals(setting.getString("name", "")) && GIVEN.contains(setting.getString("source", "")))
                .map(setting -> setting.getString("setting", ""))
                .findFirst();
    }

    private static List<JsonObject> saved(Sealed sealed, String name) throws IOException {
        String stream = "settings/" + name;
        if (sealed.manifest().stream(stream).isEmpty()) {
            return List.of(); // the role was not allowed to read it
        }
        String text = new String(sealed.bytes(stream), StandardCharsets.UTF_8);
        try (var reader = Json.createReader(new StringReader(text))) {
            return reader.readArray().getValuesAs(JsonObject.class);
        } catch (JsonException | ClassCastException e) {
            throw new DamageException("The saved file " + stream + " is not what Nightshift writes", e);
        }
    }

    static String settings(List<JsonObject> saved, Path folder) {
        StringBuilder text = new StringBuilder("# The source's settings, as Nightshift saved them with the backup.\n");
        text.append("hba_file = ")
                .append(quoted(folder.resolve(HBA).toString()))
                .append('\n');
        text.append("ident_file = ")
                .append(quoted(folder.resolve(IDENT).toString()))
                .append('\n');
        for (JsonObject setting : saved) {
            String name = setting.getString("name", "");
            if (!NAME.matcher(name).matches() || !GIVEN.contains(setting.getString("source", ""))) {
                continue;
            }
            if (OF_THE_MACHINE.contains(name)) {
                text.append("# of the source's machine: ");
            }
            // In the unit in which the server counts, which it takes where none is named
            text.append(name)
                    .append(" = ")
                    .append(quoted(setting.getString("setting", "")))
                    .append('\n');
        }
        return text.toString();
    }

    /** Without saved rules only this machine's users and passwords let in: whoever restores may write others. */
    static String rules(List<JsonObject> saved) {
        List<JsonObject> valid = saved.stream()
                .filter(rule -> !rule.getString("type", "").isEmpty())
                .toList();
        if (valid.isEmpty()) {
            return """
                    # The source's rules were not saved: the role that takes backups may not read pg_hba_file_rules.
                    local all all peer
                    host all all 127.0.0.1/32 scram-sha-256
                    host all all ::1/128 scram-sha-256
                    """;
        }
        StringBuilder text = new StringBuilder("# The source's rules, as Nightshift saved them with the backup.\n");
        for (JsonObject rule : valid) {
            text.append(rule.getString("type"))
                    .append(' ')
                    .append(list(rule, "database"))
                    .append(' ')
                    .append(list(rule, "user"));
            for (String column : List.of("address", "netmask", "method")) {
                String value = rule.getString(column, "");
                text.append(value.isEmpty() ? "" : " " + word(value));
            }
            texts(rule, "options").forEach(option -> text.append(' ').append(word(option)));
            text.append('\n');
        }
        return text.toString();
    }

    static String maps(List<JsonObject> saved) {
        return saved.stream()
                .map(map -> word(map.getString("map", "")) + " " + word(map.getString("system", "")) + " "
                        + word(map.getString("role", "")) + "\n")
                .collect(Collectors.joining());
    }

    private static String list(JsonObject rule, String column) {
        return texts(rule, column).stream().map(ServerConfiguration::word).collect(Collectors.joining(","));
    }

    private static List<String> texts(JsonObject rule, String column) {
        JsonValue values = rule.get(column);
        return values == null || values.getValueType() != JsonValue.ValueType.ARRAY
                ? List.of()
                : values.asJsonArray().getValuesAs(JsonString.class).stream()
                        .map(JsonString::getString)
                        .toList();
    }

    private static String word(String value) {
        return PLAIN.matcher(value).matches() ? value : "\"" + value.replace("\"", "\"\"") + "\"";
    }

    /** As a string in postgresql.conf, where the backslash has a meaning (manual, section 19.1.2). */
    static String quoted(String value) {
        return "'" + value.replace("\\", "\\\\").replace("'", "''").replace("\n", "\\n") + "'";
    }
}
