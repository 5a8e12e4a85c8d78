package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.backup.stored.Sha256;
import dev.nightshift.backup.wal.LogFile;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Instance;
import dev.nightshift.fleet.Requests;
import dev.nightshift.kernel.Failure;
import jakarta.annotation.PreDestroy;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.ClientErrorException;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.HeaderParam;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.core.StreamingOutput;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.io.OutputStream;
import java.security.MessageDigest;
import java.time.Duration;
import java.util.HexFormat;
import java.util.Locale;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.enums.SchemaType;
import org.eclipse.microprofile.openapi.annotations.media.Content;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.parameters.RequestBody;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/**
 * The files of a server's log, for its archive_command and restore_command: bin/nightshift-wal asks. An answer says what it is in
 * headers of its own and repeats the request's own word, so that nobody takes what something in between says for an answer.
 */
@RequestScoped
@Path("projects/{project}/instances/{instance}/wal/{file}")
@Produces(MediaType.WILDCARD)
@Consumes(MediaType.WILDCARD)
@Tag(name = "Backups")
public class LogFileResource {
    static final String STATE = "Nightshift-Log";
    static final String SHA256 = "Nightshift-Log-Sha256";
    static final String BYTES = "Nightshift-Log-Bytes";
    static final String REQUEST = "Nightshift-Log-Request";
    static final String CLUSTER = "Nightshift-Log-System";

    /** Larger segments are streamed: a push is held in memory until it is known to be right. */
    private static final int MOST_PUSHED = 64 << 20;

    /** Up to this size a file is read once for its hash and for the answer; larger ones are read twice. */
    private static final int MOST_HELD = 16 << 20;

    private static final int BUFFER = 64 << 10;

    /** 16 MiB at 1 Mbit/s take over two minutes. */
    private static final Duration LONGEST_BODY = Duration.ofMinutes(5);

    /** Half of that rate at least, after a while: memory is held for it. */
    private static final int LEAST_BYTES_A_SECOND = 64 << 10;

    private static final Duration PATIENCE = Duration.ofSeconds(15);

    private static final Pattern WORD = Pattern.compile("[A-Za-z0-9-]{1,64}");
    private static final Pattern SYSTEM = Pattern.compile("[0-9]{1,20}");
    private static final Pattern HASH = Pattern.compile("[0-9a-f]{64}");

    @Context
    @SuppressWarnings("NullAway.Init")
    private HttpServletRequest request;

    @Inject
    private ArchivedFiles archived;

    @Inject
    private PushedLog pushed;

    @Inject
    private PushedRefusals refusals;

    @Inject
    private LogRoom room;

    @Inject
    private Fleet fleet;

    @Inject
    private CurrentProject project;

    @HeaderParam(REQUEST)
    @Nullable
    String word;

    @HeaderParam(CLUSTER)
    @Nullable
    String cluster;

    @HeaderParam(SHA256)
    @Nullable
    String hash;

    private LogRoom.@Nullable Taken taken;

    /** Once the answer is written, however it ended. */
    @PreDestroy
    void giveBack() {
        if (taken != null) {
            taken.close();
            taken = null;
        }
    }

    /** Hands a file out, or says that the log ends before it. */
    @GET
    @Needs(Role.LOG_READER)
    @Operation(
            operationId = "logFile",
            summary = "A file of an instance's archived log, as restore_command asks for it",
            description =
                    "A segment or a history file. The header Nightshift-Log says WHOLE, PARTIAL (the log's last segment,"
                            + " filled up with zeros) or ABSENT; Nightshift-Log-Sha256 and Nightshift-Log-Bytes are of the file."
                            + " Nightshift-Log-System in the request is the cluster's system identifier, and Nightshift-Log-Request a word"
                            + " that the answer repeats.")
    @APIResponse(
            responseCode = "200",
            description = "The file",
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_OCTET_STREAM,
                            schema = @Schema(type = SchemaType.STRING, format = "binary")))
    @APIResponse(
            responseCode = "404",
            description =
                    "With Nightshift-Log: ABSENT it is proven that the log ends before this file; else there is no such"
                            + " instance, or nothing is archived of it")
    @APIResponse(responseCode = "409", description = "The archive has a gap here, or is another cluster's")
    public Response get(@PathParam("instance") String name, @PathParam("file") String file) throws IOException {
        Instance instance = found(name);
        LogFile wanted = LogFile.parse(file);
        String echo = checked("the header " + REQUEST, word, WORD);
        ArchivedFiles.Found found = archived.find(instance, wanted, checked("the header " + CLUSTER, cluster, SYSTEM));
        if (found instanceof ArchivedFiles.Found.File present) {
            taken = room.take(project.id(), (int) Math.min(present.bytes(), MOST_HELD));
            return file(present, echo);
        }
        return answer(404, "ABSENT", echo)
                .type(MediaType.TEXT_PLAIN)
                .entity("nightshift-log absent " + wanted.name() + " " + (echo == null ? "-" : echo) + "\n")
                .build();
    }

    /** Memory is held for it until all of it is gone: whoever takes it too slowly is cut off, and asks again. */
    private static void send(InputStream in, OutputStream out) throws IOException {
        long began = System.nanoTime();
        byte[] buffer = new byte[BUFFER];
        int sent = 0;
        for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
            if (takenTooSlowly(sent, Duration.ofNanos(System.nanoTime() - began))) {
                throw new IOException("Only " + sent + " bytes of the file were taken in time.");
            }
            out.write(buffer, 0, count);
            sent += count;
        }
    }

    private static Response file(ArchivedFiles.Found.File file, @Nullable String echo) throws IOException {
        MessageDigest digest = Sha256.digest();
        boolean held = file.bytes() <= MOST_HELD;
        byte[] content = new byte[held ? (int) file.bytes() : 0];
        try (InputStream in = file.content().open()) {
            byte[] buffer = new byte[BUFFER];
            int at = 0;
            for (int count = in.read(buffer); count >= 0; count = in.read(buffer)) {
                digest.update(buffer, 0, count);
                if (held) {
                    System.arraycopy(buffer, 0, content, at, count);
                    at += count;
                }
            }
        }
        StreamingOutput body = out -> {
            try (InputStream in =
                    held ? new ByteArrayInputStream(content) : file.content().open()) {
                send(in, out);
            }
        };
        return answer(200, file.whole() ? "WHOLE" : "PARTIAL", echo)
                .type(MediaType.APPLICATION_OCTET_STREAM)
                .header(SHA256, HexFormat.of().formatHex(digest.digest()))
                .header(BYTES, file.bytes())
                .header(HttpHeaders.CONTENT_LENGTH, file.bytes())
                .entity(body)
                .build();
    }

    /** Takes a file; a 200 says that it is stored, or of no use to anybody. */
    @PUT
    @Needs(Role.LOG_SHIPPER)
    @Operation(
            operationId = "pushLogFile",
            summary = "Store a file of an instance's log, as archive_command pushes it",
            description = "A segment, a history file, a .partial or a .backup file, of 64 MiB at most. The header"
                    + " Nightshift-Log-Sha256 is required. Nightshift-Log in the answer says STORED, PRESENT (the same was stored"
                    + " before) or NOT_KEPT (.backup files: nothing reads them); with 409 it may say HISTORY_MISSING: push the"
                    + " history files first. Archiving has to be declared with the method PUSH; beside a stream only what the"
                    + " stream has stored already is confirmed.")
    @RequestBody(
            content =
                    @Content(
                            mediaType = MediaType.APPLICATION_OCTET_STREAM,
                            schema = @Schema(type = SchemaType.STRING, format = "binary")))
    @APIResponse(
            responseCode = "200",
            description = "It is stored, durably",
            content = @Content(mediaType = MediaType.TEXT_PLAIN, schema = @Schema(type = SchemaType.STRING)))
    @APIResponse(
            responseCode = "409",
            description = "It does not belong into this archive, or the archive holds another one")
    @APIResponse(responseCode = "413", description = "It is larger than 64 MiB")
    public Response put(@PathParam("instance") String name, @PathParam("file") String file) throws IOException {
        Instance instance = found(name);
        LogFile given = LogFile.parse(file);
        String echo = checked("the header " + REQUEST, word, WORD);
        String system = checked("the header " + CLUSTER, cluster, SYSTEM);
        String expected = checked("the header " + SHA256, hash, HASH);
        if (expected == null) {
            throw new Failure.Invalid("The header " + SHA256 + " is missing.");
        }
        PushedLog.State state;
        try {
            state = received(instance, given, expected, system);
        } catch (PushedRefusals.Refused e) {
            giveBack(); // nothing holds the content any more, and the server may take its time
            throw refusals.judged(e);
        }
        boolean missing = state == PushedLog.State.HISTORY_MISSING;
        return answer(missing ? 409 : 200, state.name(), echo)
                .type(MediaType.TEXT_PLAIN)
                .header(SHA256, expected)
                .entity("nightshift-log "
                        + state.name().toLowerCase(Locale.ROOT).replace('_', '-') + " " + given.name() + " "
                        + (echo == null ? "-" : echo) + "\n")
                .build();
    }

    private PushedLog.State received(Instance instance, LogFile given, String expected, @Nullable String system)
            throws IOException {
        int bytes = length(given);
        taken = room.take(project.id(), 2 * bytes); // it is copied once on the way into the archive
        byte[] content = body(bytes);
        if (!expected.equals(HexFormat.of().formatHex(Sha256.digest().digest(content)))) {
            throw new Failure.Invalid("The file did not arrive as it was sent: its SHA-256 is another one.");
        }
        return pushed.push(instance, given, content, system);
    }

    private static Response.ResponseBuilder answer(int status, String state, @Nullable String echo) {
        Response.ResponseBuilder answer = Response.status(status)
                .header(STATE, state)
                .header(HttpHeaders.CACHE_CONTROL, "no-store, no-transform");
        return echo == null ? answer : answer.header(REQUEST, echo);
    }

    private static @Nullable String checked(String what, @Nullable String value, Pattern pattern) {
        if (value != null && !pattern.matcher(value).matches()) {
            throw new Failure.Invalid("The value of " + what + " is not one that is possible here.");
        }
        return value;
    }

    private int length(LogFile given) {
        long length = request.getContentLengthLong();
        if (length < 0) {
            throw new Failure.Invalid("The header Content-Length is missing.");
        }
        if (length > MOST_PUSHED) {
            throw new ClientErrorException(
                    "Files of " + MOST_PUSHED + " bytes at most are pushed. Have larger segments streamed.", 413);
        }
        given.requireLength(length);
        return (int) length;
    }

    private byte[] body(int bytes) throws IOException {
        byte[] content = new byte[bytes];
        long began = System.nanoTime();
        InputStream in = request.getInputStream();
        int at = 0;
        while (at < bytes) {
            int count = in.read(content, at, Math.min(BUFFER, bytes - at));
            if (count < 0) {
                throw new Failure.Invalid("Only " + at + " of " + bytes + " bytes came.");
            }
            at += count;
            Duration took = Duration.ofNanos(System.nanoTime() - began);
            if (at < bytes && tooSlow(at, took)) {
                throw new Failure.Retryable(
                        "Only " + at + " of " + bytes + " bytes came within " + took.toSeconds() + " s.",
                        "See what slows the way from the server to Nightshift.",
                        null);
            }
        }
        return content;
    }

    static boolean tooSlow(int bytes, Duration took) {
        return took.compareTo(LONGEST_BODY) > 0 || bytes < took.minus(PATIENCE).toSeconds() * LEAST_BYTES_A_SECOND;
    }

    /** Large segments may take longer than what is pushed: at most so much memory is held for them. */
    private static boolean takenTooSlowly(int bytes, Duration took) {
        return bytes < took.minus(PATIENCE).toSeconds() * LEAST_BYTES_A_SECOND;
    }

    private Instance found(String name) {
        return Requests.found("instance", name, valid -> fleet.instanceNamed(project.id(), valid));
    }
}
