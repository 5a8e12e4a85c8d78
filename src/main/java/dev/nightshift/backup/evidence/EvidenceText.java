package dev.nightshift.backup.evidence;

import dev.nightshift.backup.evidence.Evidence.Kind;
import dev.nightshift.backup.evidence.Evidence.Measured;
import dev.nightshift.backup.evidence.Evidence.Uncovered;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.time.Instant;

/** Evidence as it is stored with a backup and shown by the API. */
public final class EvidenceText {
    private static final int VERSION = 1;

    private EvidenceText() {}

    public static JsonObject json(Evidence evidence) {
        var measured = Json.createArrayBuilder();
        for (Measured each : evidence.measured()) {
            measured.add(Json.createObjectBuilder()
                    .add("kind", each.kind().name())
                    .add("name", each.name())
                    .add("query", each.query())
                    .add("rows", each.rows())
                    .add("hash", each.hash())
                    .add(
                            "samplePercent",
                            each.samplePercent() == null ? JsonValue.NULL : Json.createValue(each.samplePercent()))
                    .add("changed", each.changed()));
        }
        var uncovered = Json.createArrayBuilder();
        evidence.uncovered()
                .forEach(each -> uncovered.add(
                        Json.createObjectBuilder().add("name", each.name()).add("reason", each.reason())));
        return Json.createObjectBuilder()
                .add("version", VERSION)
                .add("database", evidence.database())
                .add(
                        "position",
                        evidence.position() == null
                                ? JsonValue.NULL
                                : Json.createValue(evidence.position().toString()))
                .add("takenAt", evidence.takenAt().toString())
                .add("tookMillis", evidence.took().toMillis())
                .add("settings", Evidence.SETTINGS)
                .add("measured", measured)
                .add("uncovered", uncovered)
                .build();
    }

    public static byte[] bytes(Evidence evidence) {
        return json(evidence).toString().getBytes(StandardCharsets.UTF_8);
    }

    /**
     * Reads what {@link #bytes} wrote.
     *
     * @throws Failure.Fatal if it is none, or of a newer version
     */
    public static Evidence parse(byte[] text) {
        try (var reader = Json.createReader(new StringReader(new String(text, StandardCharsets.UTF_8)))) {
            JsonObject json = reader.readObject();
            if (json.getInt("version") != VERSION) {
                throw new Failure.Fatal(
                        "The evidence is of version " + json.getInt("version") + ", known is " + VERSION + ".",
                        "Prove the backup with a newer Nightshift.",
                        null);
            }
            return new Evidence(
                    json.getString("database"),
                    json.isNull("position") ? null : Lsn.parse(json.getString("position")),
                    Instant.parse(json.getString("takenAt")),
                    Duration.ofMillis(json.getJsonNumber("tookMillis").longValue()),
                    json.getJsonArray("measured").getValuesAs(EvidenceText::measured),
                    json.getJsonArray("uncovered").getValuesAs(EvidenceText::uncovered));
        } catch (JsonException | ClassCastException | NullPointerException | IllegalArgumentException e) {
            throw new Failure.Fatal("The evidence of rows cannot be read: " + e.getMessage(), null, e);
        }
    }

    private static Measured measured(JsonValue value) {
        JsonObject json = value.asJsonObject();
        return new Measured(
                Kind.valueOf(json.getString("kind")),
                json.getString("name"),
                json.getString("query"),
                json.getJsonNumber("rows").longValue(),
                json.getString("hash"),
                json.isNull("samplePercent")
                        ? null
                        : json.getJsonNumber("samplePercent").doubleValue(),
                json.getBoolean("changed"));
    }

    private static Uncovered uncovered(JsonValue value) {
        JsonObject json = value.asJsonObject();
        return new Uncovered(json.getString("name"), json.getString("reason"));
    }
}
