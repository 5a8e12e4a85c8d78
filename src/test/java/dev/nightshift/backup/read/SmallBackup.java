package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.BlockPipeline;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.ManifestText;
import dev.nightshift.backup.stored.ObjectContext;
import dev.nightshift.backup.stored.ObjectSeries;
import dev.nightshift.backup.stored.Sha256;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stored.StoredObject;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.DataKey;
import dev.nightshift.vault.ProjectKeys;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.HashSet;
import java.util.HexFormat;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.zip.CRC32C;
import org.jspecify.annotations.Nullable;

/** A backup of no server: two archives, a list, a segment of log. Small enough to damage at every place. */
public final class SmallBackup {
    static final Lsn START_OF_LOG = Lsn.parse("0/2000000");
    static final UUID BACKUP = UUID.fromString("01938a5c-0000-7000-8000-000000000001");
    final ProjectId project = new ProjectId(UUID.fromString("01938a5c-0000-7000-8000-00000000000a"));
    public final ProjectKeys keys;
    final DataKey dataKey;
    public final ObjectContext context;
    private final UUID id;
    Manifest.Lineage lineage;
    String system = Long.toString(LogFixture.SYSTEM);
    /** Content by path in the cluster. */
    final Map<String, byte[]> base = new LinkedHashMap<>();

    final Map<String, byte[]> space = new LinkedHashMap<>();
    /** What is put into the base archive without being listed. */
    final Map<String, byte[]> unlisted = new LinkedHashMap<>();

    /** What is listed without being put into the base archive. */
    final Set<String> absent = new HashSet<>();

    /** What is put into the base archive in the place of what is listed. */
    final Map<String, byte[]> other = new HashMap<>();

    Lsn expected = Lsn.NONE;
    private final List<StoredObject> objects = new ArrayList<>();

    public SmallBackup() {
        this(null, BACKUP, Manifest.Lineage.FULL);
    }

    /** One of a chain, under the same project's keys; new ones if there are none. */
    SmallBackup(@Nullable ProjectKeys keys, UUID id, Manifest.Lineage lineage) {
        this.keys = keys == null ? ProjectKeys.generate(project) : keys;
        this.dataKey = this.keys.newDataKey();
        this.context = new ObjectContext(project, id, dataKey);
        this.id = id;
        this.lineage = lineage;
        base.put("backup_label", bytes("START WAL LOCATION: 0/2000028\n"));
        base.put("base/5/1259", new byte[24_576]);
        base.put("PG_VERSION", bytes("18\n"));
        base.put("global/pg_control", new byte[8192]);
        space.put("PG_18_202506291/5/16400", bytes("rows"));
    }

    /** Another one under the same keys that holds changes to its parent; what changed has yet to be put in. */
    SmallBackup changes(UUID another, UUID parent) {
        SmallBackup backup =
                new SmallBackup(keys, another, new Manifest.Lineage(Manifest.Kind.INCREMENTAL, parent, null));
        backup.base.clear();
        backup.space.clear();
        backup.base.put("backup_label", bytes("""
                        START WAL LOCATION: 0/2000028
                        INCREMENTAL FROM LSN: 0/2000028
                        INCREMENTAL FROM TLI: 1
                        STOP
                        """));
        backup.base.put("PG_VERSION", bytes("18\n"));
        return backup;
    }

    static byte[] bytes(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }

    /** Stores it at {@code shop/main/<id>} of the store, or with an empty folder right there. */
    public Manifest store(Store store, String folder) throws IOException {
        String prefix = folder.isEmpty() ? "" : folder + "/";
        LogFixture log = new LogFixture(START_OF_LOG, 1);
        Lsn start = log.record(0, 0x10, new byte[80]);
        log.record(10, 0x20, new byte[20_000]);
        Lsn stop = log.at();
        log.tablespace(16_500, "/srv/late");
        expected = log.at();
        try (BlockPipeline pipeline = new BlockPipeline("test", 4096, 2, 1)) {
            put(pipeline, store, prefix, StoredObject.Kind.ARCHIVE, "16400.tar", tar(space, Map.of()), 0);
            put(pipeline, store, prefix, StoredObject.Kind.ARCHIVE, "base.tar", tar(there(), unlisted), 16_384);
            put(pipeline, store, prefix, StoredObject.Kind.SERVER_MANIFEST, "backup_manifest", list(), 0);
            put(pipeline, store, prefix, StoredObject.Kind.SETTINGS, "settings/pg_hba.conf", bytes("local all\n"), 0);
            put(
                    pipeline,
                    store,
                    prefix,
                    StoredObject.Kind.WAL,
                    "wal/" + START_OF_LOG.segmentName(1, LogFixture.SEGMENT),
                    log.bytes(),
                    0);
        }
        Manifest manifest = new Manifest(
                lineage.version(),
                project,
                "shop",
                "main",
                id,
                lineage,
                Instant.parse("2026-01-01T00:00:00Z"),
                Instant.parse("2026-01-01T00:00:05Z"),
                new Manifest.Source(system, 1, "18.4", 18, LogFixture.SEGMENT),
                new Manifest.Position(
                        start, stop, expected, "nightshift_" + BACKUP, null, START_OF_LOG.plus(LogFixture.SEGMENT)),
                new Manifest.Checksums(true, false, List.of()),
                List.of(new Manifest.Tablespace("16400", "/srv/space", 4096)),
                new Manifest.Figures(1, 2, Duration.ofSeconds(1), Duration.ofSeconds(3), Duration.ofSeconds(1)),
                keys.wrap(dataKey, id),
                objects);
        byte[] text = ManifestText.write(manifest, dataKey);
        try (Store.Upload upload = store.create(prefix + Manifest.NAME)) {
            upload.write(text, 0, text.length);
            upload.commit();
        }
        return manifest;
    }

    private Map<String, byte[]> there() {
        Map<String, byte[]> there = new LinkedHashMap<>(base);
        there.putAll(other);
        there.keySet().removeAll(absent);
        return there;
    }

    private void put(
            BlockPipeline pipeline,
            Store store,
            String prefix,
            StoredObject.Kind kind,
            String stream,
            byte[] content,
            long partBytes) {
        boolean archive = kind == StoredObject.Kind.ARCHIVE;
        try (ObjectSeries series = new ObjectSeries(
                pipeline, context, store, prefix, kind, stream, true, archive ? Math.max(partBytes, 16_384) : 0)) {
            series.write(content);
            objects.addAll(series.finish());
        }
    }

    static byte[] tar(Map<String, byte[]> files, Map<String, byte[]> more) throws IOException {
        ByteArrayOutputStream tar = new ByteArrayOutputStream();
        Map<String, byte[]> all = new LinkedHashMap<>(files);
        all.putAll(more);
        for (var file : all.entrySet()) {
            int slash = file.getKey().lastIndexOf('/');
            if (slash > 0) {
                tar.write(header(file.getKey().substring(0, slash), '5', 0, ""));
            }
            tar.write(header(file.getKey(), '0', file.getValue().length, ""));
            tar.write(file.getValue());
            tar.write(new byte[(512 - file.getValue().length % 512) % 512]);
        }
        tar.write(new byte[1024]);
        return tar.toByteArray();
    }

    static byte[] header(String name, char type, long size, String target) {
        byte[] header = new byte[512];
        put(header, 0, name);
        put(header, 100, "0000600 \0");
        put(header, 124, String.format("%011o ", size));
        header[156] = (byte) type;
        put(header, 157, target);
        put(header, 257, "ustar\00000");
        Arrays.fill(header, 148, 156, (byte) ' ');
        int sum = 0;
        for (byte b : header) {
            sum += b & 0xff;
        }
        put(header, 148, String.format("%06o\0 ", sum));
        return header;
    }

    private static void put(byte[] header, int at, String text) {
        byte[] bytes = bytes(text);
        System.arraycopy(bytes, 0, header, at, bytes.length);
    }

    private byte[] list() {
        StringBuilder json = new StringBuilder("{ \"PostgreSQL-Backup-Manifest-Version\": 2,\n\"Files\": [\n");
        List<String> lines = new ArrayList<>();
        base.forEach((path, content) -> lines.add(line(path, content)));
        space.forEach((path, content) -> lines.add(line("pg_tblspc/16400/" + path, content)));
        json.append(String.join(",\n", lines)).append("\n],\n\"WAL-Ranges\": [\n],\n");
        byte[] covered = bytes(json.toString());
        String sum = HexFormat.of().formatHex(Sha256.digest().digest(covered));
        return bytes(json + "\"Manifest-Checksum\": \"" + sum + "\"}\n");
    }

    private static String line(String path, byte[] content) {
        CRC32C crc = new CRC32C();
        crc.update(content);
        String sum = String.format("%08x", Integer.reverseBytes((int) crc.getValue()));
        return "{ \"Path\": \"" + path + "\", \"Size\": " + content.length
                + ", \"Last-Modified\": \"2026-01-01 00:00:00 GMT\", \"Checksum-Algorithm\": \"CRC32C\", \"Checksum\": \""
                + sum + "\" }";
    }
}
