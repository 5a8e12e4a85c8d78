package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.api.Test;

class EdgeTest {
    private static final InetAddress HERE = InetAddress.getLoopbackAddress();

    @Test
    void plainHttpServesScriptsOnTheSameMachineAndNobodyElse() throws Exception {
        InetAddress elsewhere = InetAddress.getByName("192.0.2.7");
        assertTrue(EdgeRules.plainHttpServes("/api/me", "Bearer ns_x", HERE));
        assertFalse(EdgeRules.plainHttpServes("/api/me", null, HERE), "no cookie login");
        assertFalse(EdgeRules.plainHttpServes("/api/me", "Basic eDp5", HERE));
        assertFalse(EdgeRules.plainHttpServes("/api/me", "Bearer ns_x", elsewhere));
        assertFalse(EdgeRules.plainHttpServes("/", "Bearer ns_x", HERE));
        assertFalse(EdgeRules.plainHttpServes("/live", "Bearer ns_x", HERE));
        assertFalse(EdgeRules.plainHttpServes("/apis", "Bearer ns_x", HERE));
    }

    @Test
    void plainHttpIsSentToHttpsOrRefusedWhereItIsAskedFor() {
        for (String path : new String[] {"/api/me", "/", "/live"}) {
            assertEquals(EdgeRules.Plain.SENT_TO_HTTPS, EdgeRules.plain(PlainHttp.REDIRECT, path, "Bearer ns_x", HERE));
            assertEquals(EdgeRules.Plain.REFUSED, EdgeRules.plain(PlainHttp.OFF, path, "Bearer ns_x", HERE));
        }
        assertEquals(EdgeRules.Plain.SERVED, EdgeRules.plain(PlainHttp.LOCAL, "/api/me", "Bearer ns_x", HERE));
        assertEquals(EdgeRules.Plain.REFUSED, EdgeRules.plain(PlainHttp.LOCAL, "/", "Bearer ns_x", HERE));
        assertEquals("https://db.example/a?b=c", EdgeRules.https("db.example", 443, "/a", "b=c"));
        assertEquals("https://db.example:9443/a", EdgeRules.https("db.example", 9443, "/a", null));
    }

    @Test
    void assetsAreKeptForEverDataNeverAndPagesAreAskedForAgain() {
        assertEquals("public, max-age=31536000, immutable", EdgeRules.cacheControl("/assets/app-1f3a.js"));
        assertEquals("no-store", EdgeRules.cacheControl("/api/me"));
        assertEquals("no-cache", EdgeRules.cacheControl("/"));
    }

    @Test
    void browsersGetThePageForTheAddressesThatItsScriptShows() {
        String browser = "text/html,application/xhtml+xml,*/*;q=0.8";
        assertTrue(EdgeRules.page("GET", "/projects/demo/runs", browser));
        assertFalse(EdgeRules.page("POST", "/projects/demo/runs", browser));
        assertFalse(EdgeRules.page("GET", "/projects/demo/runs", "application/json"));
        for (String path :
                new String[] {"/api/x", "/health/x", "/metrics", "/openapi/ui", "/live", "/assets/x.js", "/WEB-INF/x"
                }) {
            assertFalse(EdgeRules.page("GET", path, browser), path);
        }
    }

    @Test
    void aBodyIsReadUpToTheLimitAndNotBeyond() throws Exception {
        try (var in = new BodyLimit.Limited(
                new ByteArrayInputStream(" ".repeat(1000).getBytes(StandardCharsets.UTF_8)), 1000)) {
            assertEquals(1000, in.readAllBytes().length);
        }
        try (var in = new BodyLimit.Limited(
                new ByteArrayInputStream(" ".repeat(1001).getBytes(StandardCharsets.UTF_8)), 1000)) {
            assertThrows(BodyLimit.TooLarge.class, in::readAllBytes);
        }
    }

    @Test
    void aBodyIsReadAsDeepAsAnyRequestIsAndNotDeeper() throws Exception {
        assertEquals(64, read("[".repeat(32) + "]".repeat(32)));
        assertThrows(Failure.Invalid.class, () -> read("{\"a\":".repeat(33)));
        assertThrows(Failure.Invalid.class, () -> read("[\"\\\"]\",".repeat(33)));
        assertEquals(99, read("\"" + "[".repeat(97) + "\""));
        assertEquals(35 * 6, read("[\"\\\\\"]".repeat(35)), "side by side");
    }

    @Test
    void aBodyInAnotherEncodingIsNotRead() {
        assertThrows(Failure.Invalid.class, () -> read("\0{\0}"));
    }

    private static int read(String body) throws IOException {
        try (var in = new BodyLimit.Limited(new ByteArrayInputStream(body.getBytes(StandardCharsets.UTF_8)), 1000)) {
            int first = in.read();
            return (first < 0 ? 0 : 1) + in.readAllBytes().length;
        }
    }

    @Test
    void aValueThatDoesNotFitIsNamedByItsPath() {
        var inner = new IllegalStateException("Unable to deserialize property 'role' because of: nothing");
        var outer = new IllegalStateException("Unable to deserialize property 'member' because of: it", inner);
        assertEquals("member.role", Problems.unreadable(outer).field());
    }

    @Test
    void aWordThatAnEnumDoesNotKnowIsNamedAfterTheEnum() {
        var thrown = new IllegalStateException("Internal error: No enum constant dev.nightshift.access.Role.BOSS");
        assertEquals("role", Problems.unreadable(thrown).field());
    }
}
