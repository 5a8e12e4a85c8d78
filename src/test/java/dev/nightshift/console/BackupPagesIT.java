package dev.nightshift.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static dev.nightshift.console.Browsing.named;
import static org.junit.jupiter.api.Assertions.assertEquals;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestInstance;

/** What is done with backups in the console, beyond looking at their pages. */
@TestInstance(TestInstance.Lifecycle.PER_CLASS)
class BackupPagesIT {
    private final Nightshift nightshift = Nightshift.shared();
    private final TestProject demo = TestProject.of(nightshift.admin(), "demo");
    private final List<String> complaints = new ArrayList<>();
    private Browsing browsing;

    @BeforeAll
    void aBrowser() throws Exception {
        nightshift.awaitDemoRound();
        browsing = Browsing.of(nightshift);
    }

    @AfterAll
    void stop() {
        if (browsing != null) {
            browsing.close();
        }
    }

    private Page opened(BrowserContext context, String path) {
        Page page = context.newPage();
        page.navigate(browsing.address(path));
        Browsing.logIn(page, "admin", nightshift.adminPassword());
        return page;
    }

    @Test
    void aPolicyIsWrittenAndSimulatedAndNothingIsKeptOfIt() {
        try (BrowserContext context = browsing.context(390, ColorScheme.DARK, null);
                Page page = opened(context, "p/demo/policies")) {
            page.getByRole(AriaRole.BUTTON, named("Add a policy")).click();
            Locator dialog = page.getByRole(AriaRole.DIALOG);
            Locator simulate = dialog.getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Simulate"));
            dialog.getByLabel("Name", new Locator.GetByLabelOptions().setExact(true))
                    .fill("only-simulated");
            assertThat(simulate).isDisabled();
            dialog.getByLabel("The newest so many").fill("none");
            assertThat(simulate).isDisabled();
            dialog.getByLabel("The newest so many").fill("500");
            dialog.getByLabel("Data loss, seconds").fill("3600");
            simulate.click();
            Locator outcome = dialog.getByRole(AriaRole.STATUS);
            assertThat(outcome).containsText("demo: nothing would go");
            assertThat(outcome).containsText("would stay");
            outcome.locator("summary").first().click();
            assertThat(outcome.locator("li").first()).containsText("stays, ");
            Browsing.look(page, "policy-simulated", 390, ColorScheme.DARK, complaints);
            // What was found is of what was asked, and of nothing else
            dialog.getByLabel("The newest so many").fill("499");
            assertThat(outcome).hasCount(0);
            dialog.getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Cancel"))
                    .click();
            assertThat(dialog).isHidden();
        }
        demo.api().get(demo.path("policies/only-simulated")).expect(404);
        assertEquals(List.of(), complaints, () -> String.join("\n", complaints));
    }

    @Test
    void theObjectsOfABackupAreListedWhenTheyAreAskedFor() {
        String backup = demo.backups("demo").get(0).getString("id");
        List<JsonObject> objects = demo.api()
                .get(demo.path("backups/" + backup + "/objects?limit=500"))
                .expect(200)
                .items();
        try (BrowserContext context = browsing.context(1440, ColorScheme.LIGHT, null);
                Page page = opened(context, "p/demo/backups/" + backup)) {
            Locator table = page.getByRole(AriaRole.TABLE, named("Objects").setExact(true));
            assertThat(page.getByRole(AriaRole.BUTTON, named("Show the objects")))
                    .isVisible();
            assertThat(table).hasCount(0);
            page.getByRole(AriaRole.BUTTON, named("Show the objects")).click();
            assertThat(table.locator("tbody tr")).hasCount(Math.min(50, objects.size()));
            assertThat(table.locator("tbody tr").first())
                    .containsText(objects.get(0).getString("name"));
            assertThat(table).containsText("server’s list of files");
            Browsing.look(page, "backup-objects", 1440, ColorScheme.LIGHT, complaints);
        }
        assertEquals(List.of(), complaints, () -> String.join("\n", complaints));
    }
}
