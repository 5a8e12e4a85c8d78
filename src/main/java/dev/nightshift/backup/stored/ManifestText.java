package dev.nightshift.backup.stored;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.vault.BackupKeys;
import dev.nightshift.vault.DataKey;
import dev.nightshift.vault.WrappedKey;
import jakarta.json.Json;
import jakarta.json.JsonArray;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonString;
import java.io.ByteArrayInputStream;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** A manifest as stored, a {@link SignedText}. */
public final class ManifestText {
    private static final String FORMAT = "nightshift-backup";

    private ManifestText() {}

    /**
     * The manifest's bytes, as they are to be stored.
     *
     * @param key the backup's data key: who does not hold it cannot write them
     */
    public static byte[] write(Manifest manifest, DataKey key) {
        return SignedText.write(json(manifest).build(), context(manifest, key), manifest.formatVersion());
    }

    static ObjectContext context(Manifest manifest, DataKey key) {
        return new ObjectContext(manifest.project(), manifest.backup(), key);
    }

    /**
     * Reads without checking who wrote it.
     *
     * @param name how errors call it
     * @throws Failure.Fatal if it is no manifest of a version known here
     */
    static Manifest parse(byte[] bytes, String name) {
        try (var reader = Json.createReader(new ByteArrayInputStream(bytes))) {
            JsonObject json = reader.readObject();
            if (!FORMAT.equals(json.getString("format", ""))) {
                throw new IllegalArgumentException("it is no manifest of Nightshift");
            }
            int version = json.getInt("formatVersion");
            if (version < Manifest.FULL_VERSION || version > Manifest.DUMP_VERSION) {
                throw new IllegalArgumentException("it is of version " + version + ", which is newer than this");
            }
            return manifest(json);
        } catch (JsonException
                | IllegalArgumentException
                | DateTimeException
                | ClassCastException
                | NullPointerException e) {
            throw SignedText.damaged(name, e.getMessage() == null ? "a member is missing" : e.getMessage(), e);
        }
    }

    /**
     * Checks that whoever holds the project's keys wrote these very bytes.
     *
     * @return the backup's data key
     * @throws Failure.Fatal if they were changed, or the keys are another project's
     */
    static DataKey authenticate(Manifest manifest, byte[] bytes, String name, BackupKeys keys) {
        if (!keys.project().equals(manifest.project())) {
            throw new Failure.Fatal(
                    name + " is of project " + manifest.project() + ", the keys are of project " + keys.project() + ".",
                    "Give the keys of the project that took the backup.",
                    null);
        }
        DataKey key = keys.open(manifest.key(), manifest.backup());
        SignedText.check(bytes, name, context(manifest, key), manifest.formatVersion());
        return key;
    }

    private static JsonObjectBuilder json(Manifest manifest) {
        JsonArrayBuilder tablespaces = Json.createArrayBuilder();
        manifest.tablespaces()
                .forEach(t -> tablespaces.add(Json.createObjectBuilder()
                        .add("oid", t.oid())
                        .add("location", t.location())
                        .add("estimatedBytes", t.estimatedBytes())));
        JsonArrayBuilder objects = Json.createArrayBuilder();
        manifest.objects()
                .forEach(o -> objects.add(Json.createObjectBuilder()
                        .add("name", o.name())
                        .add("kind", o.kind().name())
                        .add("stream", o.stream())
                        .add("bytes", o.bytes())
                        .add("contentBytes", o.contentBytes())
                        .add("sha256", o.sha256())));
        Manifest.Source source = manifest.source();
        Manifest.Figures figures = manifest.figures();
        JsonObjectBuilder json = Json.createObjectBuilder()
                .add("format", FORMAT)
                .add("formatVersion", manifest.formatVersion())
                .add("project", manifest.project().toString())
                .add("projectName", manifest.projectName())
                .add("instanceName", manifest.instanceName())
                .add("backup", manifest.backup().toString())
                .add("kind", manifest.lineage().kind().word());
        if (manifest.lineage().parent() != null) {
            json.add("parent", manifest.lineage().parent().toString());
        }
        if (manifest.lineage().fullBecause() != null) {
            json.add("fullBecause", manifest.lineage().fullBecause());
        }
        if (manifest.dump() != null) {
            json.add("dump", json(manifest.dump()));
        }
        return json.add("startedAt", manifest.startedAt().toString())
                .add("finishedAt", manifest.finishedAt().toString())
                .add("systemIdentifier", source.systemIdentifier())
                .add("timeline", source.timeline())
                .add("serverVersion", source.serverVersion())
                .add("major", source.major())
                .add("walSegmentBytes", source.walSegmentBytes())
                .add("position", json(manifest.position()))
                .add(
                        "checksums",
                        Json.createObjectBuilder()
                                .add("enabled", manifest.checksums().enabled())
                                .add("failures", manifest.checksums().failures())
                                .add(
                                        "warnings",
                                        Json.createArrayBuilder(
                                                manifest.checksums().warnings())))
                .add("tablespaces", tablespaces)
                .add(
                        "figures",
                        Json.createObjectBuilder()
                                .add("bytesRead", figures.bytesRead())
                                .add("bytesStored", figures.bytesStored())
                                .add("checkpoint", figures.checkpoint().toString())
                                .add("copy", figures.copy().toString())
                                .add("log", figures.log().toString()))
                .add(SignedText.KEY, SignedText.json(manifest.key()))
                .add("objects", objects);
    }

    private static JsonObjectBuilder json(Manifest.Dump dump) {
        DumpSelection selection = dump.selection();
        return Json.createObjectBuilder()
                .add("database", dump.database())
                .add("dbname", dump.dbname())
                .add("tool", dump.tool())
                .add("toolMajor", dump.toolMajor())
                .add("schemas", names(selection.schemas()))
                .add("withoutSchemas", names(selection.withoutSchemas()))
                .add("tables", tables(selection.tables()))
                .add("withoutTables", tables(selection.withoutTables()))
                .add("carriedTables", tables(dump.carried().tables()))
                .add("carriedWithoutTables", tables(dump.carried().withoutTables()));
    }

    private static JsonArrayBuilder names(List<String> names) {
        return Json.createArrayBuilder(names);
    }

    private static JsonArrayBuilder tables(List<DumpSelection.Table> tables) {
        JsonArrayBuilder all = Json.createArrayBuilder();
        tables.forEach(table -> all.add(names(List.of(table.schema(), table.name()))));
        return all;
    }

    private static Manifest.@Nullable Dump dump(JsonObject manifest) {
        JsonObject json = manifest.getJsonObject("dump");
        return json == null
                ? null
                : new Manifest.Dump(
                        json.getString("database"),
                        json.getString("dbname"),
                        json.getString("tool"),
                        json.getInt("toolMajor"),
                        selection(json, "tables", "withoutTables"),
                        selection(json, "carriedTables", "carriedWithoutTables"));
    }

    private static DumpSelection selection(JsonObject json, String tables, String withoutTables) {
        return new DumpSelection(
                names(json, "schemas"),
                names(json, "withoutSchemas"),
                tables(json, tables),
                tables(json, withoutTables));
    }

    private static List<String> names(JsonObject json, String member) {
        return json.getJsonArray(member).getValuesAs(JsonString::getString);
    }

    private static List<DumpSelection.Table> tables(JsonObject json, String member) {
        return json.getJsonArray(member).getValuesAs(JsonArray.class).stream()
                .map(table -> new DumpSelection.Table(table.getString(0), table.getString(1)))
                .toList();
    }

    private static JsonObjectBuilder json(Manifest.Position position) {
        JsonObjectBuilder json = Json.createObjectBuilder()
                .add("start", position.start().toString())
                .add("stop", position.stop().toString())
                .add("expected", position.expected().toString())
                .add("logEnd", position.logEnd().toString());
        if (position.restorePoint() != null) {
            json.add("restorePoint", position.restorePoint());
        }
        if (position.refusal() != null) {
            json.add("refusal", position.refusal());
        }
        return json;
    }

    private static Manifest manifest(JsonObject json) {
        JsonObject position = json.getJsonObject("position");
        JsonObject checksums = json.getJsonObject("checksums");
        JsonObject figures = json.getJsonObject("figures");
        JsonObject key = json.getJsonObject("key");
        List<Manifest.Tablespace> tablespaces = new ArrayList<>();
        for (JsonObject t : json.getJsonArray("tablespaces").getValuesAs(JsonObject.class)) {
            tablespaces.add(
                    new Manifest.Tablespace(t.getString("oid"), t.getString("location"), bytes(t, "estimatedBytes")));
        }
        List<StoredObject> objects = new ArrayList<>();
        for (JsonObject o : json.getJsonArray("objects").getValuesAs(JsonObject.class)) {
            objects.add(new StoredObject(
                    o.getString("name"),
                    StoredObject.Kind.valueOf(o.getString("kind")),
                    o.getString("stream"),
                    bytes(o, "bytes"),
                    bytes(o, "contentBytes"),
                    o.getString("sha256")));
        }
        return new Manifest(
                json.getInt("formatVersion"),
                new ProjectId(UUID.fromString(json.getString("project"))),
                json.getString("projectName"),
                json.getString("instanceName"),
                UUID.fromString(json.getString("backup")),
                lineage(json),
                Instant.parse(json.getString("startedAt")),
                Instant.parse(json.getString("finishedAt")),
                new Manifest.Source(
                        json.getString("systemIdentifier"),
                        json.getInt("timeline"),
                        json.getString("serverVersion"),
                        json.getInt("major"),
                        json.getInt("walSegmentBytes")),
                new Manifest.Position(
                        Lsn.parse(position.getString("start")),
                        Lsn.parse(position.getString("stop")),
                        Lsn.parse(position.getString("expected")),
                        position.getString("restorePoint", null),
                        position.getString("refusal", null),
                        Lsn.parse(position.getString("logEnd"))),
                new Manifest.Checksums(
                        checksums.getBoolean("enabled"),
                        checksums.getBoolean("failures"),
                        checksums.getJsonArray("warnings").getValuesAs(JsonString::getString)),
                tablespaces,
                new Manifest.Figures(
                        bytes(figures, "bytesRead"),
                        bytes(figures, "bytesStored"),
                        Duration.parse(figures.getString("checkpoint")),
                        Duration.parse(figures.getString("copy")),
                        Duration.parse(figures.getString("log"))),
                new WrappedKey(key.getString("id"), key.getString("wrapped")),
                objects,
                dump(json));
    }

    private static Manifest.Lineage lineage(JsonObject json) {
        String kind = json.getString("kind");
        String parent = json.getString("parent", null);
        return new Manifest.Lineage(
                Manifest.Kind.of(kind)
                        .orElseThrow(() -> new IllegalArgumentException("its kind " + kind + " is not known")),
                parent == null ? null : UUID.fromString(parent),
                json.getString("fullBecause", null));
    }

    private static long bytes(JsonObject json, String member) {
        return json.getJsonNumber(member).longValueExact();
    }
}
