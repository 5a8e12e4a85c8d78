package dev.nightshift.sandbox;

import java.io.BufferedReader;
import java.io.File;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;

/** Starts what runs within the walls of {@link Isolation}. */
final class Walls {
    private Walls() {}

    /** The process that holds the walls up for as long as its standard input is open. */
    static Process start(Isolation isolation, String script) throws IOException {
        ProcessBuilder builder = new ProcessBuilder(isolation.command(script));
        builder.environment().clear();
        builder.environment().putAll(Isolation.environment());
        builder.directory(new File("/")).redirectErrorStream(true);
        return builder.start();
    }

    /**
     * Waits until they stand.
     *
     * @throws NotPossibleHere if this machine denies them
     */
    static void await(Isolation isolation, Process started) throws IOException {
        StringBuilder said = new StringBuilder();
        BufferedReader reader =
                new BufferedReader(new InputStreamReader(started.getInputStream(), StandardCharsets.UTF_8));
        for (String line = reader.readLine(); !Isolation.READY.equals(line); line = reader.readLine()) {
            if (line == null) {
                throw new NotPossibleHere(
                        "This machine does not let Nightshift isolate a scratch server: "
                                + said.toString().strip(),
                        isolation.isPrivileged()
                                ? "Run Nightshift with the capability SYS_ADMIN, or as a user who may create user namespaces."
                                : "Allow user namespaces (sysctl user.max_user_namespaces, kernel.unprivileged_userns_clone,"
                                        + " kernel.apparmor_restrict_unprivileged_userns).");
            }
            said.append(line).append('\n');
        }
    }
}
