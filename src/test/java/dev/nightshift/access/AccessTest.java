package dev.nightshift.access;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.time.Instant;
import java.util.Collections;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class AccessTest {
    private static final Instant NOW = Instant.parse("2026-11-21T02:00:00Z");
    private static final ProjectId SHOP = new ProjectId(UUID.randomUUID());
    private static final ProjectId OTHER = new ProjectId(UUID.randomUUID());

    @Test
    void aRoleMayDoWhatTheSmallerOnesMay() {
        assertTrue(Role.ADMIN.covers(Role.VIEWER));
        assertTrue(Role.OPERATOR.covers(Role.OPERATOR));
        assertFalse(Role.VIEWER.covers(Role.OPERATOR));
        assertTrue(Role.LOG_SHIPPER.covers(Role.LOG_READER));
        assertFalse(Role.LOG_READER.covers(Role.LOG_SHIPPER));
        assertTrue(Role.ADMIN.covers(Role.LOG_SHIPPER));
        assertFalse(Role.OPERATOR.covers(Role.LOG_READER), "the log holds every row");
        assertFalse(Role.LOG_SHIPPER.covers(Role.VIEWER), "nothing but log");
    }

    @Test
    void readingAsksForAViewerAndChangingForAnOperatorUnlessTheMethodSaysMore() {
        assertEquals(Role.VIEWER, ProjectFilter.needed("GET", null));
        assertEquals(Role.OPERATOR, ProjectFilter.needed("POST", null));
        assertEquals(Role.OPERATOR, ProjectFilter.needed("DELETE", null));
        assertEquals(Role.ADMIN, ProjectFilter.needed("GET", Role.ADMIN));
    }

    @Test
    void somebodyWithoutAMembershipDoesNotKnowThatTheProjectExists() {
        assertNull(Admissions.role(person(false), SHOP, null));
        assertEquals(Role.VIEWER, Admissions.role(person(false), SHOP, Role.VIEWER));
    }

    @Test
    void theInstallationsAdminIsAdminOfEveryProject() {
        assertEquals(Role.ADMIN, Admissions.role(person(true), SHOP, null));
        assertEquals(Role.ADMIN, Admissions.role(person(true), SHOP, Role.VIEWER));
    }

    @Test
    void aKeyOpensItsOwnProjectAlone() {
        assertEquals(Role.OPERATOR, Admissions.role(key(SHOP, Role.OPERATOR), SHOP, null));
        assertNull(Admissions.role(key(SHOP, Role.OPERATOR), OTHER, null));
        assertNull(Admissions.role(key(SHOP, Role.OPERATOR), OTHER, Role.ADMIN), "a membership belongs to people");
    }

    @Test
    void onlyLoggingInNeedsNoLogin() {
        assertFalse(LoginFilter.needsLogin("POST", "/login"));
        assertFalse(LoginFilter.needsLogin("GET", "/login"));
        assertFalse(LoginFilter.needsLogin("GET", "/login/openid"));
        assertFalse(LoginFilter.needsLogin("GET", "/login/openid/callback"));
        assertTrue(LoginFilter.needsLogin("POST", "/login/openid"));
        assertTrue(LoginFilter.needsLogin("GET", "/login/openid/other"));
        assertTrue(LoginFilter.needsLogin("POST", "/login/"));
        assertTrue(LoginFilter.needsLogin("GET", "/me"));
        assertTrue(LoginFilter.needsLogin("GET", "/what/nobody/knows"));
    }

    private static Members.InProject in(String project, @Nullable Role role, boolean byGroups) {
        return new Members.InProject(new ProjectId(new UUID(1, project.hashCode())), project, role, byGroups);
    }

    @Test
    void whatGroupsGaveFollowsThemAndWhatAPersonGaveStays() {
        List<Members.InProject> present = List.of(
                in("new", null, false),
                in("same", Role.VIEWER, true),
                in("more", Role.VIEWER, true),
                in("gone", Role.ADMIN, true),
                in("by-hand", Role.VIEWER, false),
                in("by-hand-alone", Role.ADMIN, false));
        Grants grants = new Grants(
                false, Map.of("new", Role.ADMIN, "same", Role.VIEWER, "more", Role.OPERATOR, "by-hand", Role.ADMIN));
        assertEquals(
                List.of(
                        new Grants.Change(present.get(0), Role.ADMIN),
                        new Grants.Change(present.get(2), Role.OPERATOR),
                        new Grants.Change(present.get(3), null)),
                grants.changes(present));
    }

    @Test
    void aChangeWithTheCookieNeedsAWordFromTheBrowserThatItCameFromOurPage() {
        String own = "https://night.example:9443";
        assertTrue(SameOrigin.allows("POST", true, "same-origin", null, own));
        assertTrue(SameOrigin.allows("POST", true, null, "https://night.example:9443", own));
        assertFalse(SameOrigin.allows("POST", true, null, null, own), "neither header");
        assertFalse(SameOrigin.allows("POST", true, "same-site", own, own), "a sister host");
        assertFalse(SameOrigin.allows("DELETE", true, "cross-site", null, own));
        assertFalse(SameOrigin.allows("PUT", true, "none", null, own));
        assertFalse(SameOrigin.allows("POST", true, null, "https://evil.example", own));
        assertFalse(SameOrigin.allows("POST", true, null, "http://night.example:9443", own));
        assertFalse(SameOrigin.allows("POST", true, null, "null", own));
    }

    @Test
    void readingAndProgramsWithoutACookieNeedNoSuchWord() {
        String own = "https://night.example:9443";
        assertTrue(SameOrigin.allows("GET", true, "cross-site", null, own));
        assertTrue(SameOrigin.allows("POST", false, null, null, own));
        assertFalse(SameOrigin.allows("POST", false, "cross-site", null, own), "login by another site's form");
    }

    @Test
    void theUsualPortMayBeLeftOut() {
        assertTrue(SameOrigin.matches("https://night.example", SameOrigin.own("Night.example", 443)));
        assertFalse(SameOrigin.matches("https://night.example", SameOrigin.own("night.example", 9443)));
        assertFalse(SameOrigin.matches(null, SameOrigin.own("night.example", 9443)));
    }

    @Test
    void aPasswordHasTwelveCharactersOrMore() {
        Passwords.check("new", "correct horse", "ann");
        Passwords.check("new", "pässwörter✓✓", "ann");
        Failure.Invalid shorter =
                assertThrows(Failure.Invalid.class, () -> Passwords.check("new", "elevenchars", "ann"));
        assertEquals("new", shorter.field());
        assertFalse(String.valueOf(shorter.getMessage()).contains("elevenchars"), "never the password itself");
        assertThrows(Failure.Invalid.class, () -> Passwords.check("new", "x".repeat(201), "ann"));
    }

    @Test
    void aPasswordIsNeitherTheNameNorOneLetterManyTimes() {
        assertThrows(Failure.Invalid.class, () -> Passwords.check("new", "Administrator", "administrator"));
        assertThrows(Failure.Invalid.class, () -> Passwords.check("new", "aaaaaaaaaaaaaa", "ann"));
    }

    @Test
    void aSessionEndsAfterTwelveIdleHoursAndAfterSevenDaysInAnyCase() {
        assertEquals(NOW.plus(Duration.ofHours(12)), Sessions.end(NOW, NOW));
        Instant sixthDay = NOW.plus(Duration.ofDays(6).plusHours(20));
        assertEquals(NOW.plus(Duration.ofDays(7)), Sessions.end(NOW, sixthDay));
    }

    @Test
    void theSixthAttemptWaitsUntilTheOldestOfTheLastFiveIsForgotten() {
        List<Instant> four = Collections.nCopies(4, NOW);
        assertEquals(Duration.ZERO, LoginLimit.wait(four, 5, NOW));
        List<Instant> five = List.of(
                NOW.minusSeconds(840),
                NOW.minusSeconds(600),
                NOW.minusSeconds(500),
                NOW.minusSeconds(400),
                NOW.minusSeconds(300));
        assertEquals(Duration.ofSeconds(60), LoginLimit.wait(five, 5, NOW));
        assertEquals(Duration.ZERO, LoginLimit.wait(five, 5, NOW.plusSeconds(60)));
    }

    @Test
    void secretsAreRandomAndNeverPrinted() {
        Secret secret = Secret.random("ns_");
        assertEquals(46, secret.value().length());
        assertNotEquals(secret, Secret.random("ns_"));
        assertEquals("Secret[…]", secret.toString());
        assertFalse(
                new LoginResource.Credentials("ann", "correct horse").toString().contains("horse"));
    }

    @Test
    void withoutSettingsThereIsNeitherABootstrapKeyNorAFirstPassword() {
        AccessConfig config = AccessConfig.from(key -> Optional.empty());
        assertEquals(Optional.empty(), config.bootstrapKey());
        assertEquals(Optional.empty(), config.adminPassword());
    }

    @Test
    void secretsComeFromFilesTooWithoutTheirLastLineBreak(@TempDir Path folder) throws Exception {
        Path file = Files.writeString(folder.resolve("key"), "0123456789012345678901234567890123\n");
        AccessConfig config = AccessConfig.from(key -> Optional.ofNullable(
                Map.of("nightshift.bootstrap.key.file", file.toString()).get(key)));
        assertEquals(Optional.of(new Secret("0123456789012345678901234567890123")), config.bootstrapKey());
        assertThrows(
                Failure.Fatal.class,
                () -> AccessConfig.from(
                        key -> Optional.of(folder.resolve("none").toString())));
    }

    @Test
    void aShortBootstrapKeyStopsTheStart() {
        assertThrows(
                Failure.Fatal.class,
                () -> AccessConfig.from(
                        key -> key.equals("nightshift.bootstrap.key") ? Optional.of("short") : Optional.empty()));
    }

    private static Identity person(boolean installationAdmin) {
        return new Identity(UUID.randomUUID(), "ann", Caller.Kind.PERSON, installationAdmin, null, null, null);
    }

    private static Identity key(@Nullable ProjectId project, @Nullable Role role) {
        return new Identity(UUID.randomUUID(), "ci", Caller.Kind.KEY, false, project, role, null);
    }
}
