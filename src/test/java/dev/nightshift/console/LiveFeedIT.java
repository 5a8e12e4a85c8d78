package dev.nightshift.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import jakarta.json.Json;
import java.net.URI;
import java.net.http.WebSocket;
import java.util.Objects;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CompletionStage;
import java.util.concurrent.LinkedBlockingQueue;
import java.util.concurrent.TimeUnit;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The live feed with a browser's cookie; the browser adds it to any site's handshake. */
class LiveFeedIT {
    private final Nightshift nightshift = Nightshift.shared();

    /** The first thing that a page hears: a message, or the code with which it is closed. */
    private static final class Page implements WebSocket.Listener {
        private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            heard.add(text.toString());
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            heard.add("closed with " + code);
            return null;
        }
    }

    private String firstWord(@Nullable String origin) throws InterruptedException {
        String cookie = Objects.requireNonNull(Api.at(nightshift.https())
                .with("Sec-Fetch-Site", "same-origin")
                .post(
                        "api/login",
                        Json.createObjectBuilder()
                                .add("name", "admin")
                                .add("password", nightshift.adminPassword())
                                .build())
                .expect(200)
                .header("Set-Cookie"));
        WebSocket.Builder handshake = Api.client().newWebSocketBuilder().header("Cookie", cookie.split(";", -1)[0]);
        if (origin != null) {
            handshake.header("Origin", origin);
        }
        Page page = new Page();
        URI address =
                URI.create("wss" + nightshift.https().toString().substring("https".length()) + "live?project=demo");
        WebSocket socket = handshake.buildAsync(address, page).join();
        try {
            return String.valueOf(page.heard.poll(20, TimeUnit.SECONDS));
        } finally {
            socket.abort();
        }
    }

    @Test
    void ourOwnPageIsGreeted() throws InterruptedException {
        String own = nightshift.https().toString().replaceAll("/$", "");
        assertEquals("{\"kind\":\"hello\"}", firstWord(own));
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://evil.example", "https://localhost", "null"})
    void aPageOfAnotherSiteHearsNothing(String origin) throws InterruptedException {
        assertEquals("closed with 4401", firstWord(origin));
    }

    @Test
    void aHandshakeThatDoesNotSayWhereItComesFromHearsNothing() throws InterruptedException {
        assertEquals("closed with 4401", firstWord(null));
    }
}
