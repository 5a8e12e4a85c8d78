package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Sha256;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.stream.JsonParser;
import java.io.ByteArrayInputStream;
import java.nio.charset.StandardCharsets;
import java.security.MessageDigest;
import java.util.HashMap;
import java.util.HexFormat;
import java.util.Map;

/**
 * The server's list of the files it sent: backup_manifest (the manual's chapter 81).
 *
 * @param files by their path in the data folder
 */
record ServerManifest(Map<String, Listed> files) {
    /** A file's size and its CRC-32C, as {@link java.util.zip.CRC32C} counts it. */
    record Listed(long bytes, long crc32c) {}

    /** The list's name, as an object and in the data folder. */
    static final String NAME = "backup_manifest";

    private static final String CHECKSUM_LINE = "\"Manifest-Checksum\"";

    /** Checks the list's own SHA-256 first, which covers every line but the last. */
    static ServerManifest parse(byte[] bytes) throws DamageException {
        int end = bytes.length;
        if (end == 0 || bytes[end - 1] != '\n') {
            throw new DamageException("the server's list of files is cut off");
        }
        int line = end - 1;
        while (line > 0 && bytes[line - 1] != '\n') {
            line--;
        }
        String last = new String(bytes, line, end - line, StandardCharsets.UTF_8);
        MessageDigest digest = Sha256.digest();
        digest.update(bytes, 0, line);
        if (!last.startsWith(CHECKSUM_LINE)
                || !last.contains("\"" + HexFormat.of().formatHex(digest.digest()) + "\"")) {
            throw new DamageException("the server's list of files does not match its own checksum");
        }
        try (JsonParser parser = Json.createParser(new ByteArrayInputStream(bytes))) {
            return new ServerManifest(files(parser));
        } catch (JsonException | IllegalArgumentException | IllegalStateException | NullPointerException e) {
            throw new DamageException("the server's list of files cannot be read", e);
        }
    }

    private static Map<String, Listed> files(JsonParser parser) throws DamageException {
        Map<String, Listed> files = new HashMap<>();
        while (parser.hasNext()) {
            if (parser.next() == JsonParser.Event.KEY_NAME && parser.getString().equals("Files")) {
                while (parser.next() != JsonParser.Event.END_ARRAY) {
                    if (parser.currentEvent() == JsonParser.Event.START_OBJECT) {
                        file(parser, files);
                    }
                }
                return files;
            }
        }
        throw new DamageException("the server's list of files holds none");
    }

    /** A checksum as the server writes it. */
    static String sum(Listed file) {
        return HexFormat.of().toHexDigits(Integer.reverseBytes((int) file.crc32c()));
    }

    private static void file(JsonParser parser, Map<String, Listed> files) throws DamageException {
        Map<String, String> members = new HashMap<>();
        while (parser.next() != JsonParser.Event.END_OBJECT) {
            String key = parser.getString();
            parser.next();
            members.put(key, parser.getString());
        }
        String path = members.containsKey("Path")
                ? members.get("Path")
                : new String(HexFormat.of().parseHex(members.get("Encoded-Path")), StandardCharsets.UTF_8);
        if (!"CRC32C".equals(members.get("Checksum-Algorithm"))) {
            throw new DamageException("the server's list of files has no CRC-32C for " + path);
        }
        // The server writes the sum's bytes as they lie in its memory: the lowest first
        int sum = Integer.reverseBytes((int) Long.parseLong(members.get("Checksum"), 16));
        if (files.put(path, new Listed(Long.parseLong(members.get("Size")), sum & 0xffff_ffffL)) != null) {
            throw new DamageException("the server's list of files names " + path + " twice");
        }
    }
}
