package dev.nightshift.sandbox;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Comparator;
import java.util.List;
import java.util.OptionalInt;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/**
 * What of this machine matters to a sandbox: who we are, which mounts there are, where the tools stand.
 *
 * @param user our effective user id, as this user namespace counts
 * @param unprivileged an id other than 0 that files can be given to; empty where the namespace has none, or we are not 0
 * @param mounts of this process, in the order of /proc/self/mountinfo
 */
record Host(int user, OptionalInt unprivileged, List<Mount> mounts) {
    /** The programs of util-linux and coreutils that build and enter a sandbox. */
    static final List<String> TOOLS =
            List.of("unshare", "mount", "umount", "pivot_root", "setpriv", "prlimit", "timeout", "env", "sh", "cat");

    static final List<Path> TOOL_FOLDERS =
            Stream.of("/usr/sbin", "/usr/bin", "/sbin", "/bin").map(Path::of).toList();

    /** Between what distributions hand out (up to 60,000 and some) and nobody (65,534): files of it belong to no one else. */
    private static final int UNUSED_ID = 64_321;

    /** A mount point and those of its options that a later remount in a user namespace must repeat. */
    record Mount(Path point, Set<String> flags) {
        private static final Set<String> KEPT =
                Set.of("nosuid", "nodev", "noexec", "noatime", "nodiratime", "relatime", "strictatime");

        /** A line of /proc/self/mountinfo, as proc(5) describes it. */
        static Mount parse(String line) {
            String[] fields = line.split(" ", -1);
            return new Mount(
                    Path.of(unescape(fields[4])),
                    Arrays.stream(fields[5].split(",", -1))
                            .filter(KEPT::contains)
                            .collect(Collectors.toSet()));
        }

        /** Blanks and the like are written as a backslash and three octal digits. */
        private static String unescape(String text) {
            StringBuilder plain = new StringBuilder();
            for (int i = 0; i < text.length(); i++) {
                if (text.charAt(i) == '\\' && i + 3 < text.length()) {
                    plain.append((char) Integer.parseInt(text.substring(i + 1, i + 4), 8));
                    i += 3;
                } else {
                    plain.append(text.charAt(i));
                }
            }
            return plain.toString();
        }
    }

    /**
     * This machine.
     *
     * @throws NotPossibleHere if it is no Linux with the tools
     */
    static Host here() {
        try {
            List<String> missing = TOOLS.stream()
                    .filter(tool -> TOOL_FOLDERS.stream().noneMatch(f -> Files.isExecutable(f.resolve(tool))))
                    .toList();
            if (!missing.isEmpty()) {
                throw new NotPossibleHere(
                        "The programs " + String.join(", ", missing) + " are not on this machine.",
                        "Install util-linux and coreutils.");
            }
            int user = (Integer) Files.getAttribute(Path.of("/proc/self"), "unix:uid");
            List<Mount> mounts = Files.readAllLines(Path.of("/proc/self/mountinfo")).stream()
                    .map(Mount::parse)
                    .toList();
            OptionalInt other =
                    user == 0 ? unprivileged(Files.readAllLines(Path.of("/proc/self/uid_map"))) : OptionalInt.empty();
            return new Host(user, other, mounts);
        } catch (IOException e) {
            throw new NotPossibleHere(
                    "This machine has no /proc as Linux has it: " + e.getMessage(),
                    "Sandboxes need Linux; prove backups on a Linux node.",
                    e);
        }
    }

    /** The id that sandboxes run as: the unused one if it is mapped, else the highest that is. */
    static OptionalInt unprivileged(List<String> uidMap) {
        int best = 0;
        for (String line : uidMap) {
            String[] fields = line.strip().split("\\s+", -1);
            long first = Long.parseLong(fields[0]);
            long last = first + Long.parseLong(fields[2]) - 1;
            if (first <= UNUSED_ID && UNUSED_ID <= last) {
                return OptionalInt.of(UNUSED_ID);
            }
            best = (int) Math.max(best, Math.min(last, UNUSED_ID));
        }
        return best == 0 ? OptionalInt.empty() : OptionalInt.of(best);
    }

    /** The flags of the mount that a path stands on; the last mount on a point hides those before. */
    Set<String> flags(Path path) {
        Set<String> flags = Set.of();
        int depth = -1;
        for (Mount mount : mounts) {
            if (path.startsWith(mount.point()) && mount.point().getNameCount() >= depth) {
                depth = mount.point().getNameCount();
                flags = mount.flags();
            }
        }
        return flags;
    }

    /** Mounts below a path, nearest first: each must be made read-only by itself. */
    List<Mount> below(Path path) {
        List<Mount> below = new ArrayList<>(mounts.stream()
                .filter(m -> m.point().startsWith(path) && !m.point().equals(path))
                .toList());
        below.sort(Comparator.comparing(m -> m.point().getNameCount()));
        return below;
    }
}
