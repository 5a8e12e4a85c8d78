package dev.nightshift.testing;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.InetAddress;
import java.net.Socket;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.concurrent.TimeUnit;

/** A real server that speaks S3 and checks its signatures: s3proxy on a folder, in a process of its own. */
public final class S3Server implements AutoCloseable {
    public static final String KEY = "test-access-key";

    /** What every Nightshift of a test has in a variable, too. */
    public static final String SECRET = Nightshift.CREDENTIAL;

    public static final String BUCKET = "backups";

    private static final Path JAR = Path.of("target", "s3", "s3proxy.jar");

    private final Path folder;
    private final int port;
    private Process process;

    private S3Server(Path folder, int port) throws IOException {
        this.folder = folder;
        this.port = port;
        this.process = launch();
    }

    /** Starts it on a free port with an empty bucket. */
    public static S3Server start(Path folder) {
        try {
            int port = RestoredServer.freePort();
            Files.createDirectories(folder.resolve("data").resolve(BUCKET));
            Files.writeString(folder.resolve("s3proxy.conf"), """
                    s3proxy.endpoint=http://127.0.0.1:%d
                    s3proxy.authorization=aws-v2-or-v4
                    s3proxy.identity=%s
                    s3proxy.credential=%s
                    jclouds.provider=filesystem-nio2
                    jclouds.identity=unused
                    jclouds.credential=unused
                    jclouds.filesystem.basedir=%s
                    """.formatted(
                            port, KEY, SECRET, folder.resolve("data").toAbsolutePath()));
            return new S3Server(folder, port);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Process launch() throws IOException {
        Process launched = new ProcessBuilder(List.of(
                        Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                        "-Xmx256m",
                        "-jar",
                        JAR.toAbsolutePath().toString(),
                        "--properties",
                        folder.resolve("s3proxy.conf").toString()))
                .redirectErrorStream(true)
                .redirectOutput(folder.resolve("s3proxy.log").toFile())
                .start();
        Eventually.isTrue("the S3 server", Duration.ofMinutes(1), () -> {
            if (!launched.isAlive()) {
                throw new AssertionError("The S3 server ended, see " + folder.resolve("s3proxy.log"));
            }
            try (Socket socket = new Socket(InetAddress.getLoopbackAddress(), port)) {
                return socket.isConnected();
            } catch (IOException e) {
                return false;
            }
        });
        return launched;
    }

    public String endpoint() {
        return "http://127.0.0.1:" + port;
    }

    /** Where the objects lie: what is in the bucket, seen from behind. */
    public Path bucket() {
        return folder.resolve("data").resolve(BUCKET);
    }

    /** kill -9. */
    public void kill() {
        Processes.kill(process.toHandle());
    }

    /** On the same port, with what it has stored. */
    public void restart() {
        try {
            close();
            process = launch();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public void close() {
        process.destroyForcibly();
        try {
            process.waitFor(10, TimeUnit.SECONDS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }
}
