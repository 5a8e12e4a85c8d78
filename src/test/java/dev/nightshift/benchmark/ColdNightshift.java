package dev.nightshift.benchmark;

import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.vault.ProjectKeys;
import java.io.IOException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** The same by a JVM that has just started, its start included: as a command would take one backup, and end. */
final class ColdNightshift implements Contender {
    private static final String PASSWORD = "PGPASSWORD";

    @Override
    public String title() {
        return "Nightshift, zstd:1 here, encrypted, a new JVM";
    }

    /** Arguments: port, user, folder; the password is in the environment. */
    public static void main(String[] arguments) {
        Endpoint source =
                Endpoint.local(Integer.parseInt(arguments[0]), "postgres", arguments[1], () -> System.getenv(PASSWORD));
        NightshiftBackup.take(
                source, ProjectKeys.generate(new ProjectId(UUID.randomUUID())), Path.of(arguments[2]), false, null);
        System.exit(0);
    }

    @Override
    public void takeBackup(SourceServer source, Path folder) throws IOException {
        List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx768m",
                "-classpath",
                System.getProperty("java.class.path"),
                ColdNightshift.class.getName(),
                Integer.toString(source.endpoint().port()),
                source.endpoint().user(),
                folder.toString()));
        Programs.run(command, source.password());
    }

    @Override
    public boolean restore(Path folder, Path data) {
        return false;
    }

    @Override
    public boolean inPrograms() {
        return true;
    }
}
