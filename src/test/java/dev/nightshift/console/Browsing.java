package dev.nightshift.console;

import com.deque.html.axecore.playwright.AxeBuilder;
import com.deque.html.axecore.results.AxeResults;
import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.assertions.PlaywrightAssertions;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import com.microsoft.playwright.options.LoadState;
import com.microsoft.playwright.options.ReducedMotion;
import dev.nightshift.testing.Chromium;
import dev.nightshift.testing.Nightshift;
import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Locale;
import org.jspecify.annotations.Nullable;

/** A browser before the console, and an eye for what must hold on every page. */
final class Browsing implements AutoCloseable {
    private static final List<String> WCAG_22_AA = List.of("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa");

    /** What a page notices by itself it notices within seconds; the rest is for a busy machine. */
    private static final double PATIENCE_MILLIS = 30_000;

    private final Nightshift nightshift;
    private final Chromium chromium;

    private Browsing(Nightshift nightshift, Chromium chromium) {
        this.nightshift = nightshift;
        this.chromium = chromium;
    }

    static Browsing of(Nightshift nightshift) throws IOException, InterruptedException {
        PlaywrightAssertions.setDefaultAssertionTimeout(PATIENCE_MILLIS);
        return new Browsing(nightshift, Chromium.start());
    }

    @Override
    public void close() {
        chromium.close();
    }

    static Page.GetByRoleOptions named(String name) {
        return new Page.GetByRoleOptions().setName(name);
    }

    String address(String path) {
        return nightshift.https().resolve("/" + path).toString();
    }

    BrowserContext context(int width, ColorScheme scheme, @Nullable String state) {
        Browser.NewContextOptions options = new Browser.NewContextOptions()
                .setViewportSize(width, width < 500 ? 844 : 900)
                .setDeviceScaleFactor(1)
                .setColorScheme(scheme)
                .setReducedMotion(ReducedMotion.REDUCE)
                .setLocale("en-GB")
                .setIgnoreHTTPSErrors(true);
        return chromium.browser().newContext(state == null ? options : options.setStorageState(state));
    }

    static void logIn(Page page, String name, String password) {
        page.getByLabel("Name").fill(name);
        page.getByLabel("Password").fill(password);
        page.getByRole(AriaRole.BUTTON, named("Log in")).click();
    }

    /** Takes a picture, and notes what is wider than the screen or shuts somebody out. */
    static void look(Page page, String name, int width, ColorScheme scheme, List<String> complaints) {
        String what = name + "-" + width + "-" + scheme.name().toLowerCase(Locale.ROOT);
        page.waitForLoadState(LoadState.NETWORKIDLE);
        page.screenshot(new Page.ScreenshotOptions()
                .setPath(Path.of("target", "screenshots", what + ".png"))
                .setFullPage(true));
        Object wider = page.evaluate("() => document.documentElement.scrollWidth - innerWidth");
        if (wider instanceof Number pixels && pixels.intValue() > 0) {
            complaints.add(what + " is " + pixels + " px wider than the screen");
        }
        // Legacy: in one go, without a second page for the frames, which no page of the console has
        AxeResults results =
                new AxeBuilder(page).setLegacyMode(true).withTags(WCAG_22_AA).analyze();
        results.getViolations()
                .forEach(violation -> violation.getNodes().stream()
                        .limit(3)
                        .forEach(node -> complaints.add(what + ": " + violation.getId() + " (" + violation.getHelp()
                                + ") at " + node.getHtml())));
    }
}
