package dev.nightshift.backup;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonValue;
import java.io.StringReader;
import java.time.Instant;
import java.time.OffsetDateTime;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Rows of backup.copy with their standing proofs, as the catalogue's query gathers them into JSON. */
final class CopyRows {
    private CopyRows() {}

    /** @param json an array of rows; null for none */
    static List<Backup.Copy> of(@Nullable String json) {
        if (json == null) {
            return List.of();
        }
        try (var reader = Json.createReader(new StringReader(json))) {
            return reader.readArray().getValuesAs(JsonObject.class).stream()
                    .map(CopyRows::copy)
                    .toList();
        }
    }

    private static Backup.Copy copy(JsonObject row) {
        return new Backup.Copy(
                row.getString("store"),
                row.getString("location"),
                state(row),
                UUID.fromString(row.getString("run_id")),
                row.getJsonNumber("stored_bytes").longValue(),
                instant(row, "made_at"),
                instant(row, "verified_at"),
                row.get("proof") instanceof JsonObject proof ? proof(proof) : null);
    }

    /** One that a run left and a sweep has hidden can be begun again, and is on its way as little as before. */
    private static String state(JsonObject row) {
        String state = row.getString("state");
        return state.equals("COPYING") && text(row, "looked_at") != null ? "LEFT" : state;
    }

    private static Backup.StoredProof proof(JsonObject row) {
        String run = text(row, "run_id");
        return new Backup.StoredProof(
                UUID.fromString(row.getString("id")),
                run == null ? null : UUID.fromString(run),
                row.getString("store"),
                OffsetDateTime.parse(row.getString("at")).toInstant(),
                row.getInt("level"),
                row.getString("outcome"),
                row.isNull("rto_millis")
                        ? null
                        : row.getJsonNumber("rto_millis").longValue(),
                text(row, "reason"),
                row.getJsonArray("ladder").toString(),
                row.getJsonArray("not_checked").toString());
    }

    private static @Nullable String text(JsonObject row, String name) {
        return row.getOrDefault(name, JsonValue.NULL) == JsonValue.NULL ? null : row.getString(name);
    }

    private static @Nullable Instant instant(JsonObject row, String name) {
        String text = text(row, name);
        return text == null ? null : OffsetDateTime.parse(text).toInstant();
    }
}
