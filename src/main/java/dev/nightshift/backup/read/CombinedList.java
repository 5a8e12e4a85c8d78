package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Sha256;
import jakarta.json.Json;
import java.io.IOException;
import java.io.InputStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.HexFormat;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/** The backup_manifest of a cluster that was made of a chain: as the server would have listed a full backup of it. */
final class CombinedList {
    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss 'GMT'", Locale.ROOT)
            .withZone(ZoneOffset.UTC);

    private CombinedList() {}

    /**
     * Lists what the last layer lists, its changes by their files' own names and as they are on the disk.
     *
     * @param data the cluster's folder, complete
     */
    static byte[] of(Layer last, Path data) throws IOException {
        Map<String, ServerManifest.Listed> files = new TreeMap<>();
        for (var listed : last.list().files().entrySet()) {
            String changed = Layering.changed(listed.getKey());
            String path = changed == null ? listed.getKey() : changed;
            boolean asSent = changed == null && !path.equals(Layering.LABEL);
            files.put(path, asSent ? listed.getValue() : measured(data.resolve(path)));
        }
        return text(last.manifest(), files);
    }

    private static ServerManifest.Listed measured(Path file) throws IOException {
        CRC32C crc = new CRC32C();
        long size = 0;
        byte[] buffer = new byte[1 << 18];
        try (InputStream in = Files.newInputStream(file)) {
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                crc.update(buffer, 0, count);
                size += count;
            }
        }
        return new ServerManifest.Listed(size, crc.getValue());
    }

    private static byte[] text(Manifest manifest, Map<String, ServerManifest.Listed> files) {
        String modified = TIME.format(manifest.finishedAt());
        StringBuilder text = new StringBuilder("{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n\"System-Identifier\": ")
                .append(manifest.source().systemIdentifier())
                .append(",\n\"Files\": [");
        String before = "\n";
        for (var file : files.entrySet()) {
            text.append(before)
                    .append("{ \"Path\": ")
                    .append(Json.createValue(file.getKey()))
                    .append(", \"Size\": ")
                    .append(file.getValue().bytes())
                    .append(", \"Last-Modified\": \"")
                    .append(modified)
                    .append("\", \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \"")
                    .append(ServerManifest.sum(file.getValue()))
                    .append("\" }");
            before = ",\n";
        }
        text.append("\n],\n\"WAL-Ranges\": [\n{ \"Timeline\": ")
                .append(manifest.source().timeline())
                .append(", \"Start-LSN\": \"")
                .append(manifest.position().start())
                .append("\", \"End-LSN\": \"")
                .append(manifest.position().stop())
                .append("\" }\n],\n");
        byte[] covered = text.toString().getBytes(StandardCharsets.UTF_8);
        text.append("\"Manifest-Checksum\": \"")
                .append(HexFormat.of().formatHex(Sha256.digest().digest(covered)))
                .append("\"}\n");
        return text.toString().getBytes(StandardCharsets.UTF_8);
    }
}
