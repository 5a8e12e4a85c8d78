package dev.nightshift.testing;

import com.microsoft.playwright.Browser;
import com.microsoft.playwright.BrowserType;
import com.microsoft.playwright.Playwright;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import java.io.IOException;
import java.io.StringReader;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.concurrent.TimeUnit;
import java.util.stream.Stream;

/** A real browser: the machine's Chromium or Chrome, else the one that ships inside npm's {@code @sparticuz/chromium}. */
public final class Chromium implements AutoCloseable {
    private static final String PACKAGE = "@sparticuz/chromium@147.0.0";

    /** No sandbox, because tests run as root in containers; nothing that calls home. */
    private static final List<String> ARGUMENTS = List.of(
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync");

    private final Playwright playwright;
    private final Browser browser;

    private Chromium(Playwright playwright, Browser browser) {
        this.playwright = playwright;
        this.browser = browser;
    }

    public static Chromium start() throws IOException, InterruptedException {
        Optional<Path> installed = installed();
        BrowserType.LaunchOptions options =
                installed.isPresent() ? withArguments(installed.get(), List.of()) : fromNpm();
        Playwright playwright = Playwright.create(
                new Playwright.CreateOptions().setEnv(Map.of("PLAYWRIGHT_SKIP_BROWSER_DOWNLOAD", "1")));
        return new Chromium(playwright, playwright.chromium().launch(options));
    }

    private static Optional<Path> installed() {
        return Stream.of("chromium", "chromium-browser", "google-chrome")
                .map(name -> Path.of("/usr/bin", name))
                .filter(Files::isExecutable)
                .findFirst();
    }

    private static BrowserType.LaunchOptions withArguments(Path path, List<String> more) {
        List<String> arguments = new ArrayList<>(more);
        ARGUMENTS.stream().filter(argument -> !more.contains(argument)).forEach(arguments::add);
        return new BrowserType.LaunchOptions().setExecutablePath(path).setArgs(arguments);
    }

    private static BrowserType.LaunchOptions fromNpm() throws IOException, InterruptedException {
        Path folder = Files.createDirectories(Path.of("target", "browser"));
        NodePackage.alone("browser", () -> {
            if (!Files.exists(folder.resolve("node_modules/@sparticuz/chromium/package.json"))) {
                Processes.run(
                                Duration.ofMinutes(5),
                                List.of(
                                        "npm",
                                        "install",
                                        "--no-save",
                                        "--no-audit",
                                        "--no-fund",
                                        "--loglevel=error",
                                        "--prefix=" + folder,
                                        PACKAGE))
                        .succeeded();
            }
        });
        String found = output(
                folder,
                "node",
                Path.of("src/test/browser/chromium.mjs").toAbsolutePath().toString(),
                folder.toAbsolutePath().toString());
        try (var reader = Json.createReader(new StringReader(found))) {
            JsonObject answer = reader.readObject();
            return withArguments(
                    Path.of(answer.getString("path")),
                    answer.getJsonArray("args").getValuesAs(JsonString.class).stream()
                            .map(JsonString::getString)
                            .toList());
        }
    }

    private static String output(Path folder, String... command) throws IOException, InterruptedException {
        Process process = new ProcessBuilder(command)
                .directory(folder.toFile())
                .redirectError(ProcessBuilder.Redirect.INHERIT)
                .start();
        String output = new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
        if (!process.waitFor(Duration.ofMinutes(5).toSeconds(), TimeUnit.SECONDS) || process.exitValue() != 0) {
            throw new IllegalStateException(String.join(" ", command) + " failed: " + output);
        }
        return output;
    }

    public Browser browser() {
        return browser;
    }

    @Override
    public void close() {
        browser.close();
        playwright.close();
    }
}
