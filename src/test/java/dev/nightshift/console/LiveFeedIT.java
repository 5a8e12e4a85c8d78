package dev.nightshift.console;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.testing.Accounts;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import java.net.URI;
import java.net.http.WebSocket;
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

    /** What a page hears: messages, and the code with which it is closed. */
    private static final class Page implements WebSocket.Listener {
        private final BlockingQueue<String> heard = new LinkedBlockingQueue<>();

        @Override
        public @Nullable CompletionStage<?> onText(WebSocket socket, CharSequence text, boolean last) {
            heard.add(text.toString());
            socket.request(1);
            return null;
        }

        @Override
        public @Nullable CompletionStage<?> onClose(WebSocket socket, int code, String reason) {
            heard.add("closed with " + code);
            return null;
        }
    }

    private String own() {
        return nightshift.https().toString().replaceAll("/$", "");
    }

    /** A browser with the admin's session. */
    private Api browser() {
        return Accounts.browser(nightshift, "admin", nightshift.adminPassword());
    }

    private WebSocket open(Api browser, @Nullable String origin, Page page) {
        WebSocket.Builder handshake = Api.client().newWebSocketBuilder().header("Cookie", browser.header("Cookie"));
        if (origin != null) {
            handshake.header("Origin", origin);
        }
        URI address =
                URI.create("wss" + nightshift.https().toString().substring("https".length()) + "live?project=demo");
        return handshake.buildAsync(address, page).join();
    }

    private String firstWord(Api browser, @Nullable String origin) throws InterruptedException {
        Page page = new Page();
        WebSocket socket = open(browser, origin, page);
        try {
            return String.valueOf(page.heard.poll(20, TimeUnit.SECONDS));
        } finally {
            socket.abort();
        }
    }

    @Test
    void ourOwnPageIsGreeted() throws InterruptedException {
        assertEquals("{\"kind\":\"hello\"}", firstWord(browser(), own()));
    }

    @ParameterizedTest
    @ValueSource(strings = {"https://evil.example", "https://localhost", "null"})
    void aPageOfAnotherSiteHearsNothing(String origin) throws InterruptedException {
        assertEquals("closed with 4401", firstWord(browser(), origin));
    }

    @Test
    void aHandshakeThatDoesNotSayWhereItComesFromHearsNothing() throws InterruptedException {
        assertEquals("closed with 4401", firstWord(browser(), null));
    }

    @Test
    void theCookieOfASessionThatHasLoggedOutHearsNothing() throws InterruptedException {
        Api browser = browser();
        browser.post("api/logout").expect(204);
        assertEquals("closed with 4401", firstWord(browser, own()));
    }

    @Test
    void anOpenPageIsClosedWithinSecondsOfTheLogout() throws InterruptedException {
        Api browser = browser();
        Page page = new Page();
        WebSocket socket = open(browser, own(), page);
        try {
            assertEquals("{\"kind\":\"hello\"}", page.heard.poll(20, TimeUnit.SECONDS));
            browser.post("api/logout").expect(204);
            long giveUp = System.nanoTime() + TimeUnit.SECONDS.toNanos(30);
            String word = "";
            while (!word.startsWith("closed") && System.nanoTime() < giveUp) {
                word = String.valueOf(page.heard.poll(1, TimeUnit.SECONDS));
            }
            assertEquals("closed with 4401", word);
        } finally {
            socket.abort();
        }
    }
}
