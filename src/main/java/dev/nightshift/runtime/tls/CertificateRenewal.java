package dev.nightshift.runtime.tls;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import java.nio.file.Path;
import java.time.Duration;
import java.util.Objects;
import java.util.concurrent.Executors;
import java.util.concurrent.ScheduledExecutorService;
import java.util.concurrent.TimeUnit;
import java.util.function.Consumer;
import org.jspecify.annotations.Nullable;

/**
 * Looks now and then whether certificate and key were replaced, and makes the key store anew, which the server takes up by
 * itself. What cannot be used is said, and the old certificate goes on.
 */
public final class CertificateRenewal implements AutoCloseable {
    private static final Duration EVERY = Duration.ofSeconds(10);

    private final CertificateFiles files;
    private final Path keyStore;
    private final String password;
    private final Clock clock;
    private final Consumer<String> says;
    private final ScheduledExecutorService timer = Executors.newSingleThreadScheduledExecutor(task -> {
        Thread thread = new Thread(task, "certificate-renewal");
        thread.setDaemon(true);
        return thread;
    });

    private CertificateFiles.@Nullable Content taken;
    private String complaint = "";
    private boolean said;

    public CertificateRenewal(
            CertificateFiles files, Path keyStore, String password, Clock clock, Consumer<String> says) {
        this.files = files;
        this.keyStore = keyStore;
        this.password = password;
        this.clock = clock;
        this.says = says;
    }

    /**
     * Makes the key store from what the files hold now.
     *
     * @throws Failure.Invalid if they cannot be used
     */
    public void begin() {
        CertificateFiles.Content content = files.content();
        ServerCertificate.read(files, content, clock.now()).write(keyStore, password);
        taken = content;
    }

    /** Looks from now on until it is closed. */
    public void watch() {
        var unused = timer.scheduleWithFixedDelay(this::look, EVERY.toSeconds(), EVERY.toSeconds(), TimeUnit.SECONDS);
    }

    /** Two files are not replaced at once: what does not fit is said when it has stayed so until the next look. */
    void look() {
        try {
            CertificateFiles.Content content = files.content();
            if (!Objects.equals(content, taken)) {
                ServerCertificate read = ServerCertificate.read(files, content, clock.now());
                read.write(keyStore, password);
                taken = content;
                says.accept("Took the new certificate, which ends on " + read.end() + ".");
            }
            complaint = "";
            said = false;
        } catch (Failure e) {
            String now = String.valueOf(e.getMessage());
            if (!now.equals(complaint)) {
                complaint = now;
                said = false;
            } else if (!said) {
                said = true;
                says.accept("The certificate is not renewed, and the old one goes on. " + now);
            }
        } catch (RuntimeException e) {
            says.accept("The certificate is not renewed: " + e); // and looked at again: a timer ends with an exception
        }
    }

    @Override
    public void close() {
        timer.shutdownNow();
    }
}
