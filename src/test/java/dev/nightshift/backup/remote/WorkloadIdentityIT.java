package dev.nightshift.backup.remote;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;

import com.sun.net.httpserver.HttpServer;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.testing.GoogleStandIn;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.IOException;
import java.net.InetAddress;
import java.net.InetSocketAddress;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardCopyOption;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A workload's identity token in a file opens a bucket of Google's, by way of a stand-in for its token service. */
class WorkloadIdentityIT {
    /** Shorter than the two minutes before which reqsign, OpenDAL's signer, asks for the next one: it asks each time. */
    private static final int SECONDS = 60;

    private final Path folder;
    private final Path token;
    private final List<JsonObject> exchanges = new CopyOnWriteArrayList<>();
    private GoogleStandIn bucket;
    private HttpServer service;
    private RemoteStore store;
    private volatile String known = "identity-1";

    WorkloadIdentityIT(@TempDir Path folder) {
        this.folder = folder;
        this.token = folder.resolve("token");
    }

    @BeforeEach
    void open() throws IOException {
        bucket = GoogleStandIn.start(folder);
        service = HttpServer.create(new InetSocketAddress(InetAddress.getLoopbackAddress(), 0), 0);
        service.createContext("/v1/token", exchange -> {
            try (exchange;
                    var reader = Json.createReader(exchange.getRequestBody())) {
                JsonObject asked = reader.readObject();
                exchanges.add(asked);
                boolean right = asked.getString("subjectToken").equals(known);
                byte[] answer = (right
                                ? "{\"access_token\":\"access-for-" + known
                                        + "\",\"token_type\":\"Bearer\",\"expires_in\":" + SECONDS + "}"
                                : "{\"error\":\"invalid_grant\",\"error_description\":\""
                                        + asked.getString("subjectToken") + " is nobody\"}")
                        .getBytes(StandardCharsets.UTF_8);
                exchange.sendResponseHeaders(right ? 200 : 400, answer.length);
                exchange.getResponseBody().write(answer);
            }
        });
        service.start();
        replace("identity-1");
        bucket.requireToken("access-for-identity-1");
        String json = Json.createObjectBuilder()
                .add("type", "external_account")
                .add("audience", "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k")
                .add("subject_token_type", "urn:ietf:params:oauth:token-type:jwt")
                .add("token_url", "http://127.0.0.1:" + service.getAddress().getPort() + "/v1/token")
                .add("credential_source", Json.createObjectBuilder().add("file", token.toString()))
                .build()
                .toString();
        var address = new RemoteAddress(
                RemoteAddress.Provider.GCS, GoogleStandIn.BUCKET, bucket.endpoint(), null, "nightshift", "");
        store = RemoteStore.open("store offsite", address, () -> json, null, ForbiddenAddresses.STANDARD);
    }

    @AfterEach
    void close() {
        store.close();
        service.stop(0);
        bucket.close();
    }

    /** In one step, as Kubernetes does. */
    private void replace(String identity) throws IOException {
        Path next = Files.writeString(folder.resolve("token-next"), identity);
        Files.move(next, token, StandardCopyOption.ATOMIC_MOVE, StandardCopyOption.REPLACE_EXISTING);
    }

    @Test
    void theTokenIsExchangedAndReadAgainWhenItsFileChanges() throws IOException {
        byte[] content = StoreContract.content(100_000, 1);
        StoreContract.put(store, "a/one", content);
        assertArrayEquals(content, StoreContract.get(store, "a/one"));
        assertEquals(
                "//iam.googleapis.com/projects/1/locations/global/workloadIdentityPools/p/providers/k",
                exchanges.get(0).getString("audience"));
        assertEquals("identity-1", exchanges.get(0).getString("subjectToken"));

        replace("identity-2");
        known = "identity-2";
        bucket.requireToken("access-for-identity-2");
        StoreContract.put(store, "a/two", content);
        assertArrayEquals(content, StoreContract.get(store, "a/two"));
        assertEquals("identity-2", exchanges.get(exchanges.size() - 1).getString("subjectToken"));
    }

    @Test
    void aTokenThatIsRefusedIsAFailureThatDoesNotShowIt() throws IOException {
        replace("hush-nobody-knows-me");
        Failure refused = assertThrows(Failure.class, () -> store.list("a/"));
        assertFalse(String.valueOf(refused.getMessage()).contains("hush"), refused.getMessage());
        Files.delete(token);
        assertThrows(Failure.class, () -> store.list("a/"));
    }
}
