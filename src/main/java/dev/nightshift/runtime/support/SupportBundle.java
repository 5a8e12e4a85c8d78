package dev.nightshift.runtime.support;

import dev.nightshift.job.Version;
import dev.nightshift.kernel.Clock;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.enterprise.inject.Instance;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.lang.management.GarbageCollectorMXBean;
import java.lang.management.ManagementFactory;
import java.lang.management.ThreadInfo;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;
import org.eclipse.microprofile.config.ConfigProvider;
import org.eclipse.microprofile.health.HealthCheck;
import org.eclipse.microprofile.health.HealthCheckResponse;
import org.eclipse.microprofile.health.Liveness;
import org.eclipse.microprofile.health.Readiness;
import org.eclipse.microprofile.health.Startup;

/** Makes the bundle: one zip with a file for each thing. */
@ApplicationScoped
class SupportBundle {
    static final int MOST_LOG_BYTES = 5_000_000;
    private static final int MOST_CHARACTERS = 8_000_000;

    @Inject
    private SupportRepository repository;

    @Inject
    private Clock clock;

    @Inject
    @Liveness
    private Instance<HealthCheck> alive;

    @Inject
    @Readiness
    private Instance<HealthCheck> ready;

    @Inject
    @Startup
    private Instance<HealthCheck> started;

    /** What can be told; a file that cannot be made says why, instead of keeping the others. */
    byte[] make() throws IOException {
        Map<String, String> standIns = repository.standIns();
        ConfigProvider.getConfig()
                .getOptionalValue("nightshift.openapi", String.class)
                .ifPresent(address -> standIns.put(address, "openapi"));
        Mask mask = new Mask(standIns);
        ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        try (ZipOutputStream zip = new ZipOutputStream(bytes)) {
            // Made of our own words, without a name: the masks would take some of them for one
            add(zip, Mask.NOTHING, "about.json", () -> about().toString());
            add(
                    zip,
                    Mask.NOTHING,
                    "settings.json",
                    () -> Shown.settings(System.getenv()).toString());
            add(zip, Mask.NOTHING, "nodes.json", () -> repository.nodes().toString());
            add(zip, Mask.NOTHING, "runs.json", () -> repository.runs().toString());
            add(zip, Mask.NOTHING, "schema.json", () -> repository.schema().toString());
            add(zip, Mask.NOTHING, "health.json", () -> health(mask).toString());
            add(zip, mask, "threads.txt", SupportBundle::threads);
            add(zip, mask, "messages.log", () -> LogEnd.of(log(), MOST_LOG_BYTES));
        }
        return bytes.toByteArray();
    }

    private interface Content {
        String text() throws IOException;
    }

    private static void add(ZipOutputStream zip, Mask mask, String name, Content content) throws IOException {
        String text;
        try {
            text = content.text();
        } catch (RuntimeException | IOException e) {
            text = "This could not be found out: " + e.getMessage() + "\n";
        }
        String masked = mask.of(text.substring(0, Math.min(MOST_CHARACTERS, text.length())));
        zip.putNextEntry(new ZipEntry(name));
        zip.write(masked.getBytes(StandardCharsets.UTF_8));
        zip.closeEntry();
    }

    private JsonObject about() throws IOException {
        Runtime jvm = Runtime.getRuntime();
        JsonObjectBuilder about = Json.createObjectBuilder()
                .add("nightshift", Version.current())
                .add("at", clock.now().toString())
                .add("upSeconds", ManagementFactory.getRuntimeMXBean().getUptime() / 1000)
                .add("processors", jvm.availableProcessors())
                .add("heapUsedBytes", jvm.totalMemory() - jvm.freeMemory())
                .add("heapMostBytes", jvm.maxMemory())
                .add("threads", ManagementFactory.getThreadMXBean().getThreadCount())
                .add("load", ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage());
        for (String property : new String[] {"java.version", "java.vendor", "os.name", "os.version", "os.arch"}) {
            about.add(property, System.getProperty(property, ""));
        }
        for (GarbageCollectorMXBean collector : ManagementFactory.getGarbageCollectorMXBeans()) {
            about.add("collections " + collector.getName(), collector.getCollectionCount());
        }
        Path data = data();
        if (Files.isDirectory(data)) {
            about.add("dataFreeBytes", Files.getFileStore(data).getUsableSpace());
        }
        return about.build();
    }

    private JsonObject health(Mask mask) {
        return Json.createObjectBuilder()
                .add("live", checks(alive, mask))
                .add("ready", checks(ready, mask))
                .add("started", checks(started, mask))
                .build();
    }

    private static JsonArrayBuilder checks(Instance<HealthCheck> checks, Mask mask) {
        JsonArrayBuilder all = Json.createArrayBuilder();
        for (HealthCheck check : checks) {
            HealthCheckResponse response = check.call();
            JsonObjectBuilder data = Json.createObjectBuilder();
            response.getData()
                    .ifPresent(told -> told.forEach((name, value) -> data.add(name, mask.of(String.valueOf(value)))));
            all.add(Json.createObjectBuilder()
                    .add("name", response.getName())
                    .add("status", response.getStatus().name())
                    .add("data", data));
        }
        return all;
    }

    private static String threads() {
        StringBuilder dump = new StringBuilder();
        for (ThreadInfo thread : ManagementFactory.getThreadMXBean().dumpAllThreads(true, true)) {
            dump.append('"')
                    .append(thread.getThreadName())
                    .append("\" ")
                    .append(thread.getThreadState())
                    .append('\n');
            if (thread.getLockName() != null) {
                dump.append("  waits for ").append(thread.getLockName()).append('\n');
            }
            for (StackTraceElement at : thread.getStackTrace()) {
                dump.append("  at ").append(at).append('\n');
            }
            dump.append('\n');
        }
        return dump.toString();
    }

    private static Path data() {
        return Path.of(ConfigProvider.getConfig()
                .getOptionalValue("nightshift.data", String.class)
                .orElse(".nightshift"));
    }

    private static Path log() {
        return data().resolve("logs").resolve("messages.log");
    }
}
