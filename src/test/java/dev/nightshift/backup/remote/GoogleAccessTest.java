package dev.nightshift.backup.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.net.httpserver.HttpServer;
import dev.nightshift.kernel.Clock;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.io.StringReader;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.net.URLDecoder;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.KeyPair;
import java.security.KeyPairGenerator;
import java.security.Signature;
import java.util.Base64;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** Tokens for what OpenDAL does not ask of Google, by stand-ins for the services that give them. */
class GoogleAccessTest {
    private final List<String> asked = new CopyOnWriteArrayList<>();
    private final GoogleAccess access = new GoogleAccess(new ServiceRequests("store offsite"), Clock.system());
    private HttpServer service;
    private volatile int status = 200;

    /** Of a token; less than 0 where the answer does not say. */
    private volatile int seconds = 3600;

    @BeforeEach
    void start() throws IOException {
        service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        service.createContext("/", exchange -> {
            try (exchange) {
                String body = new String(exchange.getRequestBody().readAllBytes(), StandardCharsets.UTF_8);
                String login = exchange.getRequestHeaders().getFirst("Authorization");
                asked.add(exchange.getRequestURI().getPath() + " " + (login == null ? "" : login + " ") + body);
                byte[] answer = (exchange.getRequestURI().getPath().equals("/impersonate")
                                ? "{\"accessToken\":\"as-account\",\"expireTime\":\"2199-01-01T00:00:00Z\"}"
                                : "{\"access_token\":\"token-" + asked.size() + "\""
                                        + (seconds < 0 ? "" : ",\"expires_in\":" + seconds) + "}")
                        .getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(status, answer.length);
                exchange.getResponseBody().write(answer);
            }
        });
        service.start();
    }

    @AfterEach
    void stop() {
        service.stop(0);
    }

    private String address(String path) {
        return "http://127.0.0.1:" + service.getAddress().getPort() + path;
    }

    private static Map<String, String> login(JsonObject json) {
        return Map.of(
                "credential", Base64.getEncoder().encodeToString(json.toString().getBytes(StandardCharsets.UTF_8)));
    }

    private JsonObject key(KeyPair pair) {
        return Json.createObjectBuilder()
                .add("type", "service_account")
                .add("client_email", "nightshift@project.example")
                .add("private_key_id", "key-1")
                .add(
                        "private_key",
                        "-----BEGIN PRIVATE KEY-----\n"
                                + Base64.getMimeEncoder()
                                        .encodeToString(pair.getPrivate().getEncoded())
                                + "\n-----END PRIVATE KEY-----\n")
                .add("token_uri", address("/token"))
                .build();
    }

    private static JsonObject part(String encoded) {
        String text = new String(Base64.getUrlDecoder().decode(encoded), StandardCharsets.UTF_8);
        try (var reader = Json.createReader(new StringReader(text))) {
            return reader.readObject();
        }
    }

    @Test
    void aKeyFileSignsForATokenThatServesUntilItsEnd() throws Exception {
        KeyPairGenerator generator = KeyPairGenerator.getInstance("RSA");
        generator.initialize(2048);
        KeyPair pair = generator.generateKeyPair();
        Map<String, String> login = login(key(pair));
        assertEquals(Optional.of("token-1"), access.token(login));
        assertEquals(Optional.of("token-1"), access.token(login));
        assertEquals(1, asked.size());

        String form = URLDecoder.decode(asked.get(0), StandardCharsets.UTF_8);
        assertTrue(form.contains("grant_type=urn:ietf:params:oauth:grant-type:jwt-bearer&"), form);
        String[] assertion = form.substring(form.indexOf("assertion=") + 10).split("\\.", -1);
        Signature signature = Signature.getInstance("SHA256withRSA");
        signature.initVerify(pair.getPublic());
        signature.update((assertion[0] + "." + assertion[1]).getBytes(StandardCharsets.US_ASCII));
        assertTrue(signature.verify(Base64.getUrlDecoder().decode(assertion[2])));
        assertEquals("key-1", part(assertion[0]).getString("kid"));
        JsonObject claims = part(assertion[1]);
        assertEquals("nightshift@project.example", claims.getString("iss"));
        assertEquals(address("/token"), claims.getString("aud"));
        assertEquals("https://www.googleapis.com/auth/devstorage.read_only", claims.getString("scope"));

        status = 403;
        KeyPair another = generator.generateKeyPair();
        Unanswered said = assertThrows(Unanswered.class, () -> access.token(login(key(another))));
        assertFalse(String.valueOf(said.getMessage()).contains("token-"), said.getMessage());
    }

    @Test
    void aWorkloadsTokenIsReadAnewAndExchanged(@TempDir Path folder) throws Exception {
        seconds = 0;
        Path token = Files.writeString(folder.resolve("token"), "{\"id\":\"identity-1\"}");
        var source = Json.createObjectBuilder()
                .add("file", token.toString())
                .add("format", Json.createObjectBuilder().add("type", "json").add("subject_token_field_name", "id"));
        JsonObject json = Json.createObjectBuilder()
                .add("type", "external_account")
                .add("audience", "//iam.example/pool")
                .add("subject_token_type", "urn:ietf:params:oauth:token-type:jwt")
                .add("token_url", address("/v1/token"))
                .add("credential_source", source)
                .build();
        assertEquals(Optional.of("token-1"), access.token(login(json)));
        assertTrue(asked.get(0).contains("\"subjectToken\":\"identity-1\""), asked.get(0));
        Files.writeString(token, "{\"id\":\"identity-2\"}");
        assertEquals(Optional.of("token-2"), access.token(login(json)));
        assertTrue(asked.get(1).contains("\"subjectToken\":\"identity-2\""), asked.get(1));
        assertTrue(asked.get(1).contains("auth/devstorage.read_only\""), asked.get(1));

        JsonObject impersonating = Json.createObjectBuilder(json)
                .add("service_account_impersonation_url", address("/impersonate"))
                .build();
        assertEquals(Optional.of("as-account"), access.token(login(impersonating)));
        assertTrue(asked.get(2).contains("auth/cloud-platform\""), asked.get(2));
        assertTrue(asked.get(3).startsWith("/impersonate Bearer token-3 "), asked.get(3));
        assertEquals(Optional.of("as-account"), access.token(login(impersonating)));
        assertEquals(4, asked.size());

        seconds = -1;
        assertEquals(Optional.of("token-5"), access.token(login(json)));
        assertEquals(Optional.of("token-5"), access.token(login(json)), "it serves for a while");
        assertEquals(5, asked.size());
        seconds = 0;
        access.token(login(impersonating)); // what is held is of another login

        Files.delete(token);
        assertThrows(Unanswered.class, () -> access.token(login(json)));
    }

    @Test
    void whatIsNoLoginOfTheseIsNotAskedWith() throws Exception {
        assertEquals(Optional.empty(), access.token(Map.of()));
        assertEquals(Optional.of("plain"), access.token(Map.of("token", "plain")));
        for (String type : List.of("impersonated_service_account", "service_account", "external_account")) {
            JsonObject json = Json.createObjectBuilder().add("type", type).build();
            Unanswered said = assertThrows(Unanswered.class, () -> access.token(login(json)), type);
            assertEquals(type.startsWith("impersonated"), said.remedy() != null, type);
        }
        assertEquals(0, asked.size());
    }
}
