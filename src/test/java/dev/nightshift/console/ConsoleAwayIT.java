package dev.nightshift.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What an open page does by itself when what it stands on goes away: the repository, the network, its login. */
@Tag("thorough")
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsoleAwayIT {
    private final Nightshift nightshift = Nightshift.shared();
    private final TestProject demo = TestProject.of(nightshift.admin(), "demo");
    private Browsing browsing;
    private String login;

    @BeforeAll
    void logInOnce() throws Exception {
        nightshift.awaitDemoRound();
        browsing = Browsing.of(nightshift);
        try (BrowserContext context = browsing.context(1440, ColorScheme.LIGHT, null)) {
            Page page = context.newPage();
            page.navigate(browsing.address("p/demo/runs"));
            Browsing.logIn(page, "admin", nightshift.adminPassword());
            assertThat(page.locator(".topbar")).isVisible();
            login = context.storageState();
        }
    }

    @AfterAll
    void stop() {
        if (browsing != null) {
            browsing.close();
        }
    }

    /** One outage for all four: it is what costs time. */
    @Test
    void anOpenPageSaysThatTheRepositoryIsAwayAndHealsByItself() {
        List<String> complaints = new ArrayList<>();
        Map<String, Page> pages = new LinkedHashMap<>();
        try (BrowserContext desk = browsing.context(1440, ColorScheme.LIGHT, login);
                BrowserContext deskByNight = browsing.context(1440, ColorScheme.DARK, login);
                BrowserContext phone = browsing.context(390, ColorScheme.LIGHT, login);
                BrowserContext phoneByNight = browsing.context(390, ColorScheme.DARK, login)) {
            pages.put("1440,LIGHT", desk.newPage());
            pages.put("1440,DARK", deskByNight.newPage());
            pages.put("390,LIGHT", phone.newPage());
            pages.put("390,DARK", phoneByNight.newPage());
            for (Page page : pages.values()) {
                page.navigate(browsing.address("p/demo/backups?database=demo"));
                assertThat(page.locator(".table tbody tr").first()).isVisible();
                assertThat(page.locator(".topbar").getByRole(AriaRole.STATUS)).hasText("Live");
                page.evaluate("() => { window.notReloaded = true; }");
            }
            nightshift.repository().stop();
            try {
                pages.forEach((view, page) -> {
                    assertThat(page.locator(".banner")).containsText("The repository database has been away since");
                    assertThat(page.locator(".table tbody tr").first()).isVisible();
                    assertThat(page.getByRole(AriaRole.ALERT)).hasCount(0);
                    int width = view.startsWith("390") ? 390 : 1440;
                    Browsing.look(
                            page,
                            "away",
                            width,
                            ColorScheme.valueOf(view.substring(view.indexOf(',') + 1)),
                            complaints);
                });
                Page opened = desk.newPage();
                opened.navigate(browsing.address("p/demo/runs"));
                assertThat(opened.locator(".banner")).containsText("The console goes on by itself");
                pages.put("opened meanwhile", opened);
            } finally {
                nightshift.repository().start();
            }
            pages.forEach((view, page) -> {
                assertThat(page.locator(".banner")).isHidden();
                assertThat(page.locator(".topbar").getByRole(AriaRole.STATUS)).hasText("Live");
                assertThat(page.locator(".table tbody tr").first()).isVisible();
            });
            pages.remove("opened meanwhile");
            pages.values().forEach(page -> {
                assertEquals(true, page.evaluate("() => window.notReloaded"));
                assertThat(page).hasURL(browsing.address("p/demo/backups?database=demo"));
            });
        }
        assertEquals(List.of(), complaints, () -> String.join("\n", complaints));
    }

    @Test
    void aPageWithoutANetworkSaysSoUntilItHasOne() {
        try (BrowserContext context = browsing.context(390, ColorScheme.DARK, login);
                Page page = context.newPage()) {
            page.navigate(browsing.address("p/demo/tonight"));
            assertThat(page.locator(".status").first()).isVisible();
            context.setOffline(true);
            assertThat(page.locator(".banner")).containsText("no network");
            assertThat(page.locator(".status").first()).isVisible();
            context.setOffline(false);
            assertThat(page.locator(".banner")).isHidden();
        }
    }

    @Test
    void aSessionThatIsRevokedLeadsToTheLoginAndBackToWhereOneWas() {
        Api admin = nightshift.admin();
        String reader = "console-reader";
        admin.post("api/people", person(reader, "the-first-password")).expect(201);
        admin.put(
                demo.path("members/" + reader),
                Json.createObjectBuilder().add("role", "VIEWER").build());
        String where = browsing.address("p/demo/runs?job=backup");
        try (BrowserContext context = browsing.context(1440, ColorScheme.LIGHT, null);
                Page page = context.newPage()) {
            page.navigate(where);
            Browsing.logIn(page, reader, "the-first-password");
            assertThat(page).hasURL(where);
            assertThat(page.locator(".topbar").getByRole(AriaRole.STATUS)).hasText("Live");
            // All sessions of the person end with it
            admin.put(
                            "api/people/" + reader,
                            Json.createObjectBuilder()
                                    .add("password", "the-second-password")
                                    .build())
                    .expect(200);
            assertThat(page.getByText("Your login has ended.")).isVisible();
            Browsing.logIn(page, reader, "the-second-password");
            assertThat(page).hasURL(where);
            assertThat(page.locator(".topbar").getByRole(AriaRole.STATUS)).hasText("Live");
            admin.delete(demo.path("members/" + reader)).expect(204);
            assertThat(page.getByText("This page is not here")).isVisible();
        } finally {
            admin.put(
                    "api/people/" + reader,
                    Json.createObjectBuilder().add("disabled", true).build());
        }
    }

    private static JsonObject person(String name, String password) {
        return Json.createObjectBuilder()
                .add("name", name)
                .add("displayName", "Reader of the console")
                .add("password", password)
                .build();
    }
}
