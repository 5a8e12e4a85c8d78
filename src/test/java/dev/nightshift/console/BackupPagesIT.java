package dev.nightshift.console;

import static com.microsoft.playwright.assertions.PlaywrightAssertions.assertThat;
import static dev.nightshift.console.Browsing.named;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.microsoft.playwright.BrowserContext;
import com.microsoft.playwright.Locator;
import com.microsoft.playwright.Page;
import com.microsoft.playwright.options.AriaRole;
import com.microsoft.playwright.options.ColorScheme;
import dev.nightshift.testing.Nightshift;
import dev.nightshift.testing.TestProject;
import jakarta.json.JsonObject;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.regex.Pattern;
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
    void aPolicyIsSimulatedSavedAndChanged() {
        TestProject project = TestProject.create(nightshift.admin(), "console-policy");
        try (BrowserContext context = browsing.context(1440, ColorScheme.LIGHT, null);
                Page page = opened(context, "p/console-policy/policies")) {
            page.getByRole(AriaRole.BUTTON, named("Add a policy")).click();
            Locator dialog = page.getByRole(AriaRole.DIALOG);
            dialog.getByLabel("Name", new Locator.GetByLabelOptions().setExact(true))
                    .fill("saved");
            dialog.getByLabel("The newest so many").fill("7");
            dialog.getByLabel("Age of the proof, days").fill("30");
            dialog.getByRole(AriaRole.BUTTON, new Locator.GetByRoleOptions().setName("Simulate"))
                    .click();
            assertThat(dialog.getByRole(AriaRole.STATUS)).containsText("It would answer for no instance");
            project.api().get(project.path("policies/saved")).expect(404);
            save(dialog);
            Locator policies = page.getByRole(AriaRole.TABLE, named("Policies"));
            assertThat(policies).containsText("saved");
            assertThat(policies).containsText("the newest 7");
            assertEquals(7, saved(project).getJsonObject("keep").getInt("count"));

            page.getByRole(AriaRole.BUTTON, named("Change saved")).click();
            assertThat(dialog.getByLabel("Age of the proof, days")).hasValue("30");
            dialog.getByLabel("The newest so many").fill("8");
            save(dialog);
            assertThat(policies).containsText("the newest 8");
        }
        JsonObject changed = saved(project);
        assertEquals(8, changed.getJsonObject("keep").getInt("count"));
        assertEquals(30, changed.getJsonObject("goals").getInt("proofDays"));
    }

    private static void save(Locator dialog) {
        dialog.getByRole(
                        AriaRole.BUTTON,
                        new Locator.GetByRoleOptions().setName("Save").setExact(true))
                .click();
        assertThat(dialog).isHidden();
    }

    private static JsonObject saved(TestProject project) {
        return project.api()
                .get(project.path("policies/saved"))
                .expect(200)
                .object()
                .getJsonObject("policy");
    }

    @Test
    void aRestoreToAMomentIsStartedAndFollowedToItsEnd() {
        Path folder = nightshift
                .data()
                .resolve("restore")
                .resolve("by-the-console-" + Instant.now().toEpochMilli());
        try (BrowserContext context = browsing.context(1440, ColorScheme.LIGHT, null);
                Page page = opened(context, "p/demo/databases/demo")) {
            // The demo archives no log: the last moment is the one at which its newest backup ended
            Locator line = page.getByRole(AriaRole.SLIDER, named("Moment to restore to"));
            line.press("End");
            line.press("Enter");
            Locator dialog = page.getByRole(AriaRole.DIALOG);
            Locator restore = dialog.getByRole(
                    AriaRole.BUTTON,
                    new Locator.GetByRoleOptions().setName("Restore").setExact(true));
            assertThat(dialog).containsText("Starts from");
            assertThat(restore).isDisabled();
            dialog.getByLabel("Folder").fill(folder.toString());
            restore.click();
            assertThat(page).hasURL(Pattern.compile("/p/demo/runs/[0-9a-f-]{36}$"));
            assertThat(dialog).isHidden();
            JsonObject run = demo.completed(page.url().substring(page.url().lastIndexOf('/') + 1));
            assertEquals("restore", run.getString("job"));
            assertEquals("time", run.getJsonObject("parameters").getString("to"));
            assertThat(page.locator(".run-sub")).containsText("done");
        }
        assertTrue(Files.exists(folder.resolve("PG_VERSION")), folder::toString);
    }

    @Test
    void aBackupOfAnotherToolStandsAmongOursInTheProjectsList() {
        String path = demo.path("instances/demo/adopted-backups/barman");
        long now = Instant.now().getEpochSecond();
        demo.api()
                .send(
                        "PUT",
                        path,
                        "{\"far\": [{\"backup_id\": \"of-barman\", \"status\": \"DONE\", \"size_bytes\": 1310000000,"
                                + " \"end_time_timestamp\": \"" + now + "\"}]}")
                .expect(200);
        try (BrowserContext context = browsing.context(1440, ColorScheme.LIGHT, null);
                Page page = opened(context, "p/demo/backups")) {
            Locator rows = page.getByRole(AriaRole.TABLE, named("Backups")).locator("tbody tr");
            Locator theirs = rows.filter(new Locator.FilterOptions().setHasText("Barman, read-only"));
            assertThat(theirs).hasCount(1);
            assertThat(theirs).containsText("demo");
            assertThat(theirs).containsText("1.3 GB");
            assertThat(theirs).containsText("Full");
            assertThat(theirs).containsText("Barman far");
            assertThat(theirs.getByRole(AriaRole.LINK)).hasCount(0);
            Browsing.look(page, "backups-adopted", 1440, ColorScheme.LIGHT, complaints);
            // Forgotten, it goes without a reload
            demo.api().delete(path).expect(204);
            assertThat(theirs).hasCount(0);
            assertThat(rows).not().hasCount(0);
        } finally {
            demo.api().delete(path);
        }
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
