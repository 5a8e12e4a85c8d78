package dev.nightshift.vault;

import dev.nightshift.kernel.ProjectId;
import java.nio.charset.StandardCharsets;
import java.util.UUID;

/** The associated data of everything that is wrapped or sealed: it opens in its own place only. Never change these. */
final class Contexts {
    private Contexts() {}

    static byte[] projectKeys(ProjectId project, String purpose) {
        return utf8("nightshift:project-key:v1:" + project + ":" + purpose);
    }

    static byte[] dataKey(ProjectId project, UUID backup) {
        return utf8("nightshift:data-key:v1:" + project + ":" + backup);
    }

    static byte[] secret(ProjectId project, String object) {
        return utf8("nightshift:secret:v1:" + project + ":" + object);
    }

    private static byte[] utf8(String text) {
        return text.getBytes(StandardCharsets.UTF_8);
    }
}
