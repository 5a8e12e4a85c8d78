package dev.nightshift.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.ByteArrayInputStream;
import java.net.InetAddress;
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
        try (var in = new BodyLimit.Limited(new ByteArrayInputStream(new byte[1000]), 1000)) {
            assertEquals(1000, in.readAllBytes().length);
        }
        try (var in = new BodyLimit.Limited(new ByteArrayInputStream(new byte[1001]), 1000)) {
            assertThrows(BodyLimit.TooLarge.class, in::readAllBytes);
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
