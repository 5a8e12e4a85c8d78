package dev.nightshift.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static dev.nightshift.console.Browsing.named;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Download;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.LoadState;
import dev.nightshift.testing.Api;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import dev.nightshift.vault.RecoveryKit;
import jakarta.json.Json;
import java.io.IOException;
import java.net.URI;
import java.nio.file.Files;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Consumer;
import java.util.regex.Pattern;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Every page as people see it, on a desk and on a phone, by day and by night. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class ConsoleIT {
    /** Pages that nothing leads a viewer to. */
    private static final Set<String> ADMINS_ONLY =
            Set.of("database-new", "schedule-new", "schedule-edit", "nodes", "stores", "people", "audit");

    /** The buttons of a page that a viewer's role does not reach. */
    private static final Locator.GetByRoleOptions CHANGES = new Locator.GetByRoleOptions()
            .setName(Pattern.compile(
                    "^(Add|Approve|Archive|Ask to|Back up|Change(?! the password)|Create|Delete|Destroy|Have two|Import|Make"
                            + "|Prove|Purge|Refuse|Restore|Rotate|Run a job|Save|Start|Stop|Switch|Test|Wrap)"));

    private final Nightshift nightshift = Nightshift.shared();
    private final TestProject demo = TestProject.of(nightshift.admin(), "demo");
    private Browsing browsing;
    private String login;

    @BeforeAll
    void loginOnceByKeyboard() throws Exception {
        nightshift.awaitDemoRound();
        browsing = Browsing.of(nightshift);
        try (BrowserContext context = browsing.context(1440, ColorScheme.LIGHT, null)) {
            Page page = context.newPage();
            Watch watch = new Watch(page);
            page.navigate(browsing.address("p/demo/runs"));
            // Chromium's first window may come up in the background, where nothing counts as focused
            page.bringToFront();
            assertThat(page.getByLabel("Name")).isFocused();
            page.keyboard().type("admin");
            page.keyboard().press("Tab");
            page.keyboard().type(nightshift.adminPassword());
            page.keyboard().press("Enter");
            assertThat(page).hasURL(browsing.address("p/demo/runs"));
            assertThat(page.getByRole(AriaRole.HEADING, named("Runs").setLevel(1)))
                    .isVisible();
            watch.assertQuiet("login", 401); // that it asks who one is before the login
            login = context.storageState();
        }
    }

    @AfterAll
    void stop() {
        if (browsing != null) {
            browsing.close();
        }
    }

    /** What a page must not do behind the reader's back. */
    private final class Watch {
        private final List<String> errors = new ArrayList<>();
        private final List<String> elsewhere = new ArrayList<>();

        Watch(Page page) {
            page.onConsoleMessage(message -> {
                if (message.type().equals("error")) {
                    errors.add(message.text());
                }
            });
            page.onPageError(errors::add);
            page.onRequest(request -> {
                URI uri = URI.create(request.url().replaceAll("[?#].*", ""));
                boolean own = uri.getScheme().equals("data")
                        || (nightshift.https().getHost().equals(uri.getHost())
                                && nightshift.https().getPort() == uri.getPort());
                if (!own) {
                    elsewhere.add(request.url());
                }
            });
        }

        void assertQuiet(String what) {
            assertEquals(List.of(), errors, what + ": errors in the browser's console");
            assertEquals(List.of(), elsewhere, what + ": requests to other hosts");
        }

        void assertQuiet(String what, int expectedStatus) {
            errors.removeIf(error -> error.contains("status of " + expectedStatus));
            assertQuiet(what);
        }
    }

    private Map<String, String> pages() {
        String run = nightshift
                .admin()
                .get(demo.path("runs?job=restore-drill"))
                .items()
                .get(0)
                .getString("id");
        String backup = demo.backups("demo").get(0).getString("id");
        String schedule =
                nightshift.admin().get(demo.path("schedules")).items().get(0).getString("name");
        Map<String, String> pages = new LinkedHashMap<>();
        pages.put("tonight", "p/demo/tonight");
        pages.put("databases", "p/demo/databases");
        pages.put("database", "p/demo/databases/demo");
        pages.put("instances", "p/demo/databases?tab=instances");
        pages.put("database-new", "p/demo/databases/-/new");
        pages.put("runs", "p/demo/runs");
        pages.put("run", "p/demo/runs/" + run);
        pages.put("schedules", "p/demo/schedules");
        pages.put("schedule-new", "p/demo/schedules/-/new");
        pages.put("schedule-edit", "p/demo/schedules/" + schedule + "/edit");
        pages.put("backups", "p/demo/backups");
        pages.put("chains", "p/demo/backups?view=chains");
        pages.put("backup", "p/demo/backups/" + backup);
        pages.put("policies", "p/demo/policies");
        pages.put("findings", "p/demo/findings");
        pages.put("nodes", "p/demo/nodes");
        pages.put("stores", "p/demo/stores");
        pages.put("backup-keys", "p/demo/backup-keys");
        pages.put("deletions", "p/demo/deletions");
        pages.put("retention", "p/demo/retention");
        pages.put("members", "p/demo/people");
        pages.put("keys", "p/demo/people?tab=keys");
        pages.put("people", "p/demo/people?tab=people");
        pages.put("audit", "p/demo/audit");
        pages.put("me", "p/demo/me");
        pages.put("missing", "p/demo/nowhere");
        pages.put("projects", "projects");
        return pages;
    }

    /** The button of a page that opens a dialog to look at. */
    private static final Map<String, String> DIALOGS = Map.of(
            "runs",
            "Start a run",
            "backup",
            "Restore",
            "instances",
            "Add an instance",
            "policies",
            "Add a policy",
            "stores",
            "Add a store",
            "backup-keys",
            "Make a recovery kit");

    @ParameterizedTest
    @ValueSource(ints = {1440, 390})
    void everyPageIsInOrder(int width) {
        List<String> complaints = new ArrayList<>();
        try (BrowserContext context = browsing.context(width, ColorScheme.LIGHT, login)) {
            pages().forEach((name, path) -> {
                try (Page page = context.newPage()) {
                    Watch watch = new Watch(page);
                    page.navigate(browsing.address(path));
                    assertThat(page.locator("main").getByRole(AriaRole.HEADING).first())
                            .isVisible();
                    for (ColorScheme scheme : List.of(ColorScheme.LIGHT, ColorScheme.DARK)) {
                        page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
                        Browsing.look(page, name, width, scheme, complaints);
                    }
                    String button = DIALOGS.get(name);
                    if (button != null) {
                        // By day on a desk, by night on a phone: all four would take half a minute more
                        ColorScheme scheme = width < 500 ? ColorScheme.DARK : ColorScheme.LIGHT;
                        page.emulateMedia(new Page.EmulateMediaOptions().setColorScheme(scheme));
                        page.getByRole(AriaRole.BUTTON, named(button)).click();
                        assertThat(page.getByRole(AriaRole.BUTTON, named("Cancel")))
                                .isVisible();
                        Browsing.look(page, name + "-dialog", width, scheme, complaints);
                    }
                    watch.assertQuiet(name);
                } catch (AssertionError | RuntimeException e) {
                    complaints.add(name + " at " + width + ": " + e.getMessage());
                }
            });
        }
        assertEquals(List.of(), complaints, () -> String.join("\n", complaints));
    }

    @Test
    void aViewerIsOfferedNothingThatTheServerRefuses() {
        String password = "sees-and-does-nothing";
        Api admin = nightshift.admin();
        admin.post(
                        "api/people",
                        Json.createObjectBuilder()
                                .add("name", "console-viewer")
                                .add("displayName", "Viewer")
                                .add("password", password)
                                .build())
                .expect(201);
        admin.put(
                        demo.path("members/console-viewer"),
                        Json.createObjectBuilder().add("role", "VIEWER").build())
                .expect(200);
        try (BrowserContext context = browsing.context(1440, ColorScheme.LIGHT, null);
                Page page = context.newPage()) {
            page.navigate(browsing.address("p/demo/tonight"));
            Browsing.logIn(page, "console-viewer", password);
            assertThat(page.getByRole(AriaRole.NAVIGATION, named("Places")).first())
                    .isVisible();
            Watch watch = new Watch(page);
            for (Map.Entry<String, String> each : pages().entrySet()) {
                if (ADMINS_ONLY.contains(each.getKey())) {
                    continue;
                }
                page.navigate(browsing.address(each.getValue()));
                page.waitForLoadState(LoadState.NETWORKIDLE);
                assertThat(page.locator("main").getByRole(AriaRole.HEADING).first())
                        .isVisible();
                assertThat(page.locator("main").getByRole(AriaRole.ALERT)).hasCount(0);
                assertThat(page.locator("main").getByRole(AriaRole.BUTTON, CHANGES))
                        .hasCount(0);
                watch.assertQuiet("a viewer at " + each.getKey());
            }
            page.navigate(browsing.address("p/demo/tonight"));
            assertThat(page.getByRole(AriaRole.HEADING, named("Tonight").setLevel(1)))
                    .isVisible();
            page.keyboard().press("/");
            assertThat(page.getByRole(AriaRole.COMBOBOX, named("Search"))).isFocused();
            page.keyboard().type("nodes");
            assertThat(page.locator("#search-hits").getByRole(AriaRole.OPTION)).hasCount(0);
        }
    }

    @ParameterizedTest
    @CsvSource({"1440,LIGHT", "1440,DARK", "390,LIGHT", "390,DARK"})
    void theLoginPageIsInOrderAndSaysWhenAPasswordIsWrong(int width, ColorScheme scheme) {
        List<String> complaints = new ArrayList<>();
        try (BrowserContext context = browsing.context(width, scheme, null);
                Page page = context.newPage()) {
            page.navigate(browsing.address(""));
            assertThat(page.getByLabel("Password")).isVisible();
            Browsing.look(page, "login", width, scheme, complaints);
            page.getByLabel("Name").fill("nobody-" + width + scheme);
            page.getByLabel("Password").fill("not-the-password");
            page.getByRole(AriaRole.BUTTON, named("Log in")).click();
            assertThat(page.getByRole(AriaRole.ALERT)).containsText("wrong");
            Browsing.look(page, "login-refused", width, scheme, complaints);
        }
        assertEquals(List.of(), complaints, () -> String.join("\n", complaints));
    }

    @Test
    void everythingIsReachedByKeyboard() {
        try (BrowserContext context = browsing.context(1440, ColorScheme.LIGHT, login);
                Page page = context.newPage()) {
            page.navigate(browsing.address("p/demo/tonight"));
            assertThat(page.getByRole(AriaRole.HEADING, named("Tonight").setLevel(1)))
                    .isVisible();
            page.keyboard().press("g");
            page.keyboard().press("b");
            assertThat(page).hasURL(browsing.address("p/demo/backups"));
            page.keyboard().press("/");
            Locator search = page.getByRole(AriaRole.COMBOBOX, named("Search"));
            assertThat(search).isFocused();
            page.keyboard().type("shop");
            assertThat(page.locator("#search-hits").getByRole(AriaRole.OPTION).first())
                    .containsText("database on");
            page.keyboard().press("Enter");
            assertThat(page).hasURL(Pattern.compile("/p/demo/databases/demo$"));
            page.keyboard().press("?");
            assertThat(page.getByRole(AriaRole.DIALOG)).isVisible();
            page.keyboard().press("Escape");
            assertThat(page.getByRole(AriaRole.DIALOG)).isHidden();
        }
    }

    @Test
    void aMomentIsChosenOnTheLineByKeyboardAndPlanned() {
        try (BrowserContext context = browsing.context(1440, ColorScheme.LIGHT, login);
                Page page = context.newPage()) {
            page.navigate(browsing.address("p/demo/databases/demo"));
            Locator line = page.getByRole(AriaRole.SLIDER, named("Moment to restore to"));
            // The demo archives no log: the last moment is the one at which its newest backup ended, to the microsecond
            assertThat(page.locator(".line")).hasClass(Pattern.compile("bare"));
            line.press("End");
            line.press("Enter");
            assertThat(page.getByRole(AriaRole.DIALOG)).containsText("Starts from");
        }
    }

    @Test
    void aRecoveryKitIsMadeAndSavedToTheByte() throws IOException {
        TestProject.create(nightshift.admin(), "console-kit");
        String passphrase = "five words that nobody would guess";
        try (BrowserContext context = browsing.context(390, ColorScheme.DARK, login);
                Page page = context.newPage()) {
            Watch watch = new Watch(page);
            page.navigate(browsing.address("p/console-kit/backup-keys"));
            assertThat(page.locator("main")).containsText("No recovery kit holds the newest key");
            page.getByRole(AriaRole.BUTTON, named("Make a recovery kit")).click();
            page.getByLabel("Passphrase", new Page.GetByLabelOptions().setExact(true))
                    .fill(passphrase);
            page.getByLabel("Passphrase again").fill(passphrase);
            Download file = page.waitForDownload(() ->
                    page.getByRole(AriaRole.BUTTON, named("Make and save it")).click());
            assertEquals("nightshift-console-kit-recovery-kit.json", file.suggestedFilename());
            RecoveryKit.Content kit =
                    RecoveryKit.parse(Files.readString(file.path()), "The kit").open(passphrase);
            page.getByRole(AriaRole.BUTTON, named("I have it")).click();
            assertThat(page.locator("main")).containsText(kit.primary());
            assertThat(page.locator("main")).not().containsText("No recovery kit holds");
            watch.assertQuiet("a recovery kit");
        }
    }

    @Test
    void aRunIsStartedAndFollowedWithoutAReload() {
        try (BrowserContext context = browsing.context(1440, ColorScheme.LIGHT, login);
                Page page = context.newPage()) {
            Watch watch = new Watch(page);
            String run = demo.start(
                    "backup",
                    "demo",
                    Json.createObjectBuilder()
                            .add("rateLimitKilobytesPerSecond", 20_000)
                            .build());
            page.navigate(browsing.address("p/demo/runs/" + run));
            assertThat(page.locator(".topbar").getByRole(AriaRole.STATUS)).hasText("Live");
            Locator state = page.locator(".run-sub");
            assertThat(state).containsText("running");
            page.evaluate("() => { window.notReloaded = true; }");
            assertThat(state)
                    .containsText(
                            "done",
                            new com.microsoft.playwright.assertions.LocatorAssertions.ContainsTextOptions()
                                    .setTimeout(120_000));
            assertEquals(true, page.evaluate("() => window.notReloaded"));
            watch.assertQuiet("a followed run");
        }
    }

    @Test
    void aStopIsHeardHoweverItsButtonIsPressed() {
        try (BrowserContext context = browsing.context(1440, ColorScheme.LIGHT, login);
                Page page = context.newPage()) {
            for (Consumer<Locator> press : List.<Consumer<Locator>>of(Locator::dblclick, ConsoleIT::pressEnterTwice)) {
                String run = demo.start(
                        "backup",
                        "demo",
                        Json.createObjectBuilder()
                                .add("rateLimitKilobytesPerSecond", 2_000)
                                .build());
                page.navigate(browsing.address("p/demo/runs/" + run));
                press.accept(page.getByRole(AriaRole.BUTTON, named("Stop").setExact(true)));
                page.getByRole(AriaRole.BUTTON, named("Stop the run")).click();
                assertThat(page.locator(".run-sub")).containsText("stopped");
                assertThat(page.getByRole(AriaRole.DIALOG)).isHidden();
            }
        }
    }

    private static void pressEnterTwice(Locator button) {
        button.focus();
        button.press("Enter");
        button.page().keyboard().press("Enter");
    }
}
