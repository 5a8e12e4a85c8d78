package dev.nightshift.sandbox;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonReader;
import jakarta.json.JsonWriter;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.time.Instant;
import org.jspecify.annotations.Nullable;

/**
 * The file beside a sandbox's folder that says what it is, written before the folder and before the server, so that
 * whatever a crash leaves can be told apart and thrown away.
 *
 * @param owner the Nightshift that uses it
 * @param server the sandbox's first process on the host; null until it runs
 */
record Registration(
        String id,
        String purpose,
        Instant created,
        Instant expires,
        ProcessMark owner,
        @Nullable ProcessMark server) {
    static final String SUFFIX = ".json";

    /** Of one that is being written. */
    static final String PART = ".part";

    Registration withServer(ProcessMark mark) {
        return new Registration(id, purpose, created, expires, owner, mark);
    }

    /** Whether somebody still uses it: its owner lives and its time is not up. */
    boolean isInUse(Instant now) {
        return owner.isAlive() && now.isBefore(expires);
    }

    /** Written aside and renamed: there is never half a registration. */
    void write(Path root) throws IOException {
        Path part = root.resolve(id + PART);
        var json = Json.createObjectBuilder()
                .add("id", id)
                .add("purpose", purpose)
                .add("folder", root.resolve(id).toString())
                .add("created", created.toString())
                .add("expires", expires.toString())
                .add("owner", json(owner));
        if (server != null) {
            json.add("server", json(server));
        }
        try (OutputStream out = Files.newOutputStream(part);
                JsonWriter writer = Json.createWriter(out)) {
            writer.writeObject(json.build());
        }
        Files.move(part, root.resolve(id + SUFFIX), StandardCopyOption.ATOMIC_MOVE);
    }

    /** @throws IOException if the file cannot be read or is no registration */
    static Registration read(Path file) throws IOException {
        try (InputStream in = Files.newInputStream(file);
                JsonReader reader = Json.createReader(in)) {
            JsonObject json = reader.readObject();
            return new Registration(
                    json.getString("id"),
                    json.getString("purpose"),
                    Instant.parse(json.getString("created")),
                    Instant.parse(json.getString("expires")),
                    mark(json.getJsonObject("owner")),
                    json.containsKey("server") ? mark(json.getJsonObject("server")) : null);
        } catch (RuntimeException e) {
            throw new IOException(file.getFileName() + " is no sandbox's registration: " + e.getMessage(), e);
        }
    }

    private static JsonObject json(ProcessMark mark) {
        return Json.createObjectBuilder()
                .add("pid", mark.pid())
                .add("startTicks", mark.startTicks())
                .add("boot", mark.boot())
                .build();
    }

    private static ProcessMark mark(JsonObject json) {
        return new ProcessMark(
                json.getJsonNumber("pid").longValue(),
                json.getJsonNumber("startTicks").longValue(),
                json.getString("boot"));
    }
}
