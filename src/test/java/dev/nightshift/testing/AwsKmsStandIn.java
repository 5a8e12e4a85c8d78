package dev.nightshift.testing;

import com.sun.net.httpserver.HttpExchange;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.ByteArrayInputStream;
import java.nio.ByteBuffer;
import java.nio.charset.StandardCharsets;
import java.security.GeneralSecurityException;
import java.security.SecureRandom;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.concurrent.ConcurrentHashMap;
import javax.crypto.Cipher;
import javax.crypto.spec.GCMParameterSpec;
import javax.crypto.spec.SecretKeySpec;

/**
 * In the place of AWS KMS, as none can be had here: Encrypt and Decrypt of its JSON protocol, with real AES-GCM that binds the
 * encryption context. It computes signatures of version 4 by itself, from the documentation and not from the SDK, and takes no other.
 * What it cannot show is how AWS itself behaves.
 */
public final class AwsKmsStandIn extends HttpStandIn {
    public static final String REGION = "eu-central-1";

    /** What opens it. */
    public record Login(String id, String secret, String session) {}

    private static final DateTimeFormatter TIME = DateTimeFormatter.ofPattern("yyyyMMdd'T'HHmmss'Z'");
    private final Map<String, SecretKeySpec> keys = new ConcurrentHashMap<>();
    private volatile String failure = "";
    private volatile Login login = new Login("AKIASTANDIN", "secret-of-the-stand-in", "");
    private volatile String expired = "";

    private AwsKmsStandIn(int port) {
        super(port);
        listen();
    }

    /** On a free port of the loopback. */
    public static AwsKmsStandIn start() {
        return start(0);
    }

    public static AwsKmsStandIn start(int port) {
        return new AwsKmsStandIn(port);
    }

    public static String arn(String id) {
        return "arn:aws:kms:" + REGION + ":111122223333:key/" + id;
    }

    /** Makes a key; its ARN. */
    public String key(String id) {
        String arn = arn(id);
        byte[] bytes = new byte[32];
        new SecureRandom().nextBytes(bytes);
        keys.put(arn, new SecretKeySpec(bytes, "AES"));
        return arn;
    }

    /** Another one under the same name, as when an alias is moved; the first. */
    public SecretKeySpec replace(String id) {
        SecretKeySpec first = Objects.requireNonNull(keys.get(arn(id)));
        key(id);
        return first;
    }

    public void bringBack(String id, SecretKeySpec first) {
        keys.put(arn(id), first);
    }

    /** The one that is taken from now on; that of before has expired. */
    public void login(Login now) {
        expired = login.id();
        login = now;
    }

    public Login login() {
        return login;
    }

    /** Refuses the next requests that are signed rightly; the status is 500 for those that end so, else 400. */
    public void fail(int times, String type) {
        failure = type;
        failNext(times);
    }

    @Override
    Answer answered(HttpExchange exchange, byte[] body) throws GeneralSecurityException {
        return answer(decided(exchange, body));
    }

    @Override
    Answer confused(Exception unexpected) {
        return answer(refusal("ValidationException"));
    }

    private static Answer answer(JsonObject said) {
        String type = said.getString("__type", "");
        int status = type.isEmpty() ? 200 : type.endsWith("Internal") || type.endsWith("Timeout") ? 500 : 400;
        return new Answer(status, "application/x-amz-json-1.1", said.toString());
    }

    /** As AWS does, it says back what was signed. */
    private JsonObject refusal(String type) {
        return Json.createObjectBuilder()
                .add("__type", type)
                .add(
                        "message",
                        "The canonical string should have been x-amz-security-token:" + login.session()
                                + login.secret())
                .build();
    }

    private JsonObject decided(HttpExchange exchange, byte[] body) throws GeneralSecurityException {
        String refused = refused(exchange, body);
        if (!refused.isEmpty()) {
            return refusal(refused);
        }
        JsonObject request = Json.createReader(new ByteArrayInputStream(body)).readObject();
        Map<String, String> context = new TreeMap<>();
        if (request.containsKey("EncryptionContext")) {
            request.getJsonObject("EncryptionContext").forEach((name, value) -> context.put(name, value.toString()));
        }
        String operation = exchange.getRequestHeaders().getFirst("X-Amz-Target");
        asked().add(operation.replace("TrentService.", "") + " " + context);
        if (isToFail()) {
            return refusal(failure);
        }
        String arn = request.getString("KeyId");
        SecretKeySpec key = keys.get(arn);
        if (key == null) {
            return refusal("NotFoundException");
        }
        byte[] bound = context.toString().getBytes(StandardCharsets.UTF_8);
        return switch (operation) {
            case "TrentService.Encrypt" -> encrypted(arn, key, bound, request);
            case "TrentService.Decrypt" -> decrypted(arn, key, bound, request);
            default -> refusal("UnknownOperationException");
        };
    }

    private JsonObject encrypted(String arn, SecretKeySpec key, byte[] bound, JsonObject request)
            throws GeneralSecurityException {
        byte[] plaintext = Base64.getDecoder().decode(request.getString("Plaintext"));
        if (plaintext.length < 1 || plaintext.length > 4096) {
            return refusal("ValidationException");
        }
        byte[] nonce = new byte[12];
        new SecureRandom().nextBytes(nonce);
        byte[] sealed = cipher(Cipher.ENCRYPT_MODE, key, nonce, bound).doFinal(plaintext);
        byte[] name = arn.getBytes(StandardCharsets.UTF_8);
        ByteBuffer blob = ByteBuffer.allocate(4 + name.length + nonce.length + sealed.length)
                .putInt(name.length)
                .put(name)
                .put(nonce)
                .put(sealed);
        return Json.createObjectBuilder()
                .add("KeyId", arn)
                .add("CiphertextBlob", Base64.getEncoder().encodeToString(blob.array()))
                .build();
    }

    private JsonObject decrypted(String arn, SecretKeySpec key, byte[] bound, JsonObject request) {
        try {
            ByteBuffer blob = ByteBuffer.wrap(Base64.getDecoder().decode(request.getString("CiphertextBlob")));
            byte[] name = new byte[blob.getInt()];
            blob.get(name);
            if (!arn.equals(new String(name, StandardCharsets.UTF_8))) {
                return refusal("IncorrectKeyException");
            }
            byte[] nonce = new byte[12];
            blob.get(nonce);
            byte[] sealed = Arrays.copyOfRange(blob.array(), blob.position(), blob.limit());
            return Json.createObjectBuilder()
                    .add("KeyId", arn)
                    .add(
                            "Plaintext",
                            Base64.getEncoder()
                                    .encodeToString(cipher(Cipher.DECRYPT_MODE, key, nonce, bound)
                                            .doFinal(sealed)))
                    .build();
        } catch (GeneralSecurityException | RuntimeException e) {
            return refusal("InvalidCiphertextException");
        }
    }

    private static Cipher cipher(int mode, SecretKeySpec key, byte[] nonce, byte[] bound)
            throws GeneralSecurityException {
        Cipher cipher = Cipher.getInstance("AES/GCM/NoPadding");
        cipher.init(mode, key, new GCMParameterSpec(128, nonce));
        cipher.updateAAD(bound);
        return cipher;
    }

    /** Why the request is not one of the login's; empty if it is. */
    private String refused(HttpExchange exchange, byte[] body) throws GeneralSecurityException {
        AwsSignature signature = AwsSignature.of(exchange);
        if (signature == null || !signature.isFor("kms", REGION)) {
            return "IncompleteSignature";
        }
        if (signature.id().equals(expired)) {
            return "ExpiredTokenException";
        }
        if (!signature.id().equals(login.id())) {
            return "UnrecognizedClientException";
        }
        String time = String.valueOf(exchange.getRequestHeaders().getFirst("X-Amz-Date"));
        Instant signed = LocalDateTime.parse(time, TIME).toInstant(ZoneOffset.UTC);
        if (Duration.between(signed, Instant.now()).abs().compareTo(Duration.ofMinutes(5)) > 0) {
            return "RequestExpired";
        }
        List<String> names = signature.headers();
        if (!names.containsAll(List.of("host", "x-amz-date", "x-amz-target"))
                || (!login.session().isEmpty() && !names.contains("x-amz-security-token"))) {
            return "IncompleteSignature";
        }
        String session = exchange.getRequestHeaders().getFirst("X-Amz-Security-Token");
        if (!login.session().equals(session == null ? "" : session)) {
            return "UnrecognizedClientException";
        }
        return signature.isBy(login.secret(), exchange, body) ? "" : "InvalidSignatureException";
    }
}
