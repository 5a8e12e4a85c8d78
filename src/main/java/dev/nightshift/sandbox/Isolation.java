package dev.nightshift.sandbox;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Collection;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.stream.Collectors;

/**
 * How a sandbox's walls are built: the command that enters new namespaces, and the script that runs there as process 1.
 * It mounts a root of its own, throws the host's away, drops every privilege and starts the server. When the pipe on its
 * standard input closes, because Nightshift ended however it ended, or its time is up, process 1 ends, and with it the
 * kernel ends every process of the namespace (pid_namespaces(7)).
 *
 * <p>Pure: text from records, so that what is mounted can be tested without mounting it.
 */
record Isolation(Host host, List<Path> readOnly, Set<Path> hidden, Map<Path, Path> mapped) {
    /** What the script prints when the walls stand, just before the server starts. */
    static final String READY = "isolated";

    /** The socket's folder as the server sees it: short, since a socket's path may have 107 bytes only. */
    static final Path SOCKET = Path.of("/run/postgresql");

    /** Where a tablespace may not be put, because the private root has something else there. */
    private static final List<Path> TAKEN = List.of(
                    "/usr", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/etc", "/proc", "/dev", "/sys", "/run",
                    "/old")
            .stream()
            .map(Path::of)
            .toList();

    private static final String PATH =
            Host.TOOL_FOLDERS.stream().map(Path::toString).collect(Collectors.joining(":"));

    private static final List<String> DEVICES = List.of("null", "zero", "full", "random", "urandom");

    /**
     * @param readOnly programs and libraries, each mounted at its own path
     * @param hidden folders that must not be seen although one of the former holds them
     * @param mapped folders the server believes in, with what stands there instead: tablespaces of the source
     * @throws NotPossibleHere if a mapped folder would cover what the server needs
     */
    Isolation {
        readOnly = List.copyOf(readOnly);
        for (Path path : mapped.keySet()) {
            boolean absolute = path.isAbsolute() && path.equals(path.normalize()) && path.getNameCount() > 0;
            if (!absolute || path.equals(Path.of("/tmp")) || TAKEN.stream().anyMatch(path::startsWith)) {
                throw taken(path);
            }
            readOnly.forEach(folder -> refuseOverlap(path, folder));
        }
    }

    private static void refuseOverlap(Path path, Path folder) {
        if (path.startsWith(folder) || folder.startsWith(path)) {
            throw taken(path);
        }
    }

    private static NotPossibleHere taken(Path path) {
        return new NotPossibleHere(
                "The source created a tablespace in " + path
                        + " after the backup began; a sandbox has its own files there.",
                "Prove a backup that was taken after the tablespace was created.");
    }

    /** With every capability of a superuser, or by a user namespace of our own. */
    boolean isPrivileged() {
        return host.user() == 0;
    }

    /** The command that runs the script; its standard input is the line that keeps the sandbox alive. */
    List<String> command(String script) {
        List<String> command = new ArrayList<>(List.of("unshare"));
        if (!isPrivileged()) {
            command.addAll(List.of("--user", "--map-root-user"));
        }
        command.addAll(List.of("--mount", "--pid", "--net", "--ipc", "--uts", "--fork", "--kill-child=SIGKILL", "--"));
        command.addAll(List.of("sh", "-c", script));
        return command;
    }

    /** The environment of everything within: nothing of Nightshift's own. */
    static Map<String, String> environment() {
        return Map.of("PATH", PATH, "LANG", "C", "TZ", "UTC");
    }

    /**
     * The script of process 1.
     *
     * @throws NotPossibleHere if a mapped folder would cover the sandbox's own
     */
    String script(SandboxFolder folder, Quota quota, long secondsToLive, List<String> server) {
        return script(folder, folder.log(), quota, secondsToLive, server);
    }

    /** @param log that the program writes to: one that is not the server's has a folder to write to besides */
    String script(SandboxFolder folder, Path log, Quota quota, long secondsToLive, List<String> server) {
        mapped.keySet().forEach(path -> refuseOverlap(path, folder.path()));
        List<String> lines = new ArrayList<>(List.of("set -e", "umask 022"));
        // Opened from outside: the server must not be able to put another file in its place.
        lines.add("exec 4>> " + quote(log));
        String root = folder.root().toString();
        lines.add("{ echo sandbox > /proc/sys/kernel/hostname; } 2> /dev/null || :");
        lines.add(mount("tmpfs", "size=16m,mode=755,nosuid,nodev", root));
        // The private /tmp first: programs, too, may lie below it.
        lines.addAll(devices(root, quota));
        lines.addAll(programs(root));
        lines.addAll(etc(root));
        writable(folder).forEach((inside, outside) -> lines.addAll(bind(root, outside, inside, "nosuid,nodev")));
        if (!log.equals(folder.log())) {
            lines.addAll(bind(root, folder.outputs(), folder.outputs(), "nosuid,nodev"));
        }
        for (Path path : List.of(folder.wal(), folder.configuration())) {
            lines.addAll(bind(root, path, path, "ro,nosuid,nodev"));
        }
        lines.add("mkdir -p " + quote(root + "/old") + " " + quote(root + "/proc"));
        // A masked /proc of a container forbids a new one to unprivileged users; the server does without.
        lines.add("mount -t proc -o ro,nosuid,nodev,noexec proc " + quote(root + "/proc") + " 2> /dev/null || :");
        lines.add("cd " + quote(root));
        lines.add("pivot_root . old");
        lines.add("cd /");
        lines.add("umount -l /old");
        lines.add("rmdir /old");
        lines.add("mount -o remount,bind,ro,nosuid,nodev /");
        lines.addAll(run(quota, secondsToLive, server));
        return String.join("\n", lines) + "\n";
    }

    /** Programs and libraries, read-only; a link such as /lib to usr/lib stays a link. */
    private List<String> programs(String root) {
        List<String> lines = new ArrayList<>();
        for (String name : List.of("bin", "sbin", "lib", "lib32", "lib64")) {
            lines.add("if [ -L /%1$s ]; then ln -s \"$(readlink /%1$s)\" %2$s; fi"
                    .formatted(name, quote(root + "/" + name)));
        }
        for (Path path : readOnly) {
            lines.add("mkdir -p " + quote(root + path));
            lines.add("mount --rbind " + quote(path) + " " + quote(root + path));
            lines.add(sealed(root + path, host.flags(path)));
            host.below(path).forEach(mount -> lines.add(sealed(root + mount.point(), mount.flags())));
        }
        hidden.stream()
                .filter(path -> readOnly.stream().anyMatch(path::startsWith))
                .forEach(path -> lines.add(mount("tmpfs", "size=4k,mode=555,ro", root + path)));
        return lines;
    }

    /** Users of its own instead of the host's; of the host's files those that the dynamic linker and time zones need. */
    private List<String> etc(String root) {
        int user = host.unprivileged().orElse(65_534);
        List<String> lines = new ArrayList<>();
        String etc = root + "/etc";
        lines.add("mkdir -p " + quote(etc));
        lines.add("printf '%s\\n' 'root:x:0:0::/:/bin/false' 'postgres:x:" + user + ":" + user + "::/:/bin/false' > "
                + quote(etc + "/passwd"));
        lines.add("printf '%s\\n' 'root:x:0:' 'postgres:x:" + user + ":' > " + quote(etc + "/group"));
        lines.add("printf '%s\\n' 'passwd: files' 'group: files' 'hosts: files' > " + quote(etc + "/nsswitch.conf"));
        lines.add("for file in ld.so.cache ld.so.conf localtime timezone locale.alias; do"
                + " if [ -f /etc/$file ]; then cp -L /etc/$file " + quote(etc) + "/; fi; done");
        // Links only: Debian's libraries are found through them.
        lines.add("if [ -d /etc/alternatives ]; then cp -R -P /etc/alternatives " + quote(etc) + "/; fi");
        return lines;
    }

    private static List<String> devices(String root, Quota quota) {
        List<String> lines = new ArrayList<>();
        String names = String.join(" ", DEVICES);
        lines.add("mkdir -p %s %s".formatted(quote(root + "/dev/shm"), quote(root + "/tmp")));
        lines.add("for device in %1$s; do : > %2$s/dev/$device; mount --bind /dev/$device %2$s/dev/$device; done"
                .formatted(names, quote(root)));
        lines.add(mount("tmpfs", "size=64m,mode=1777,nosuid,nodev,noexec", root + "/tmp"));
        lines.add(
                mount("tmpfs", "size=" + quota.memory().value() + ",mode=1777,nosuid,nodev,noexec", root + "/dev/shm"));
        return lines;
    }

    /** Folder as the server sees it, and where it stands on the host. Not the folder that holds them: it stays ours. */
    private Map<Path, Path> writable(SandboxFolder folder) {
        Map<Path, Path> all = new TreeMap<>(mapped);
        all.put(folder.data(), folder.data());
        all.put(folder.tablespaces(), folder.tablespaces());
        all.put(SOCKET, folder.socket());
        return all;
    }

    private static List<String> bind(String root, Path outside, Path inside, String flags) {
        return List.of(
                // What ran in the sandbox before may have put a link there, which mount would follow.
                "if [ -L " + quote(outside) + " ]; then echo " + quote(outside + " is a link") + "; exit 1; fi",
                "mkdir -p " + quote(root + inside),
                "mount --bind " + quote(outside) + " " + quote(root + inside),
                "mount -o remount,bind," + flags + " " + quote(root + inside));
    }

    /** The end of the script: the line to Nightshift is watched, the server runs beside it without any privilege. */
    private List<String> run(Quota quota, long secondsToLive, List<String> server) {
        return List.of(
                "exec 3<&0 < /dev/null",
                "timeout -s KILL " + secondsToLive + " cat <&3 > /dev/null 2>&1 3<&- 4>&- &",
                "watch=$!",
                "set +e",
                "(",
                "  exec 3<&-",
                "  " + quoteAll(unprivileged(quota, server)) + " >&4 2>&1 4>&-",
                "  echo \"" + ServerLog.ENDED + "$?\" >&4",
                "  kill -KILL $watch",
                ") &",
                "echo " + READY,
                "wait $watch");
    }

    /** The server's command behind everything that takes rights away from it. */
    private List<String> unprivileged(Quota quota, List<String> server) {
        List<String> command = new ArrayList<>();
        if (host.unprivileged().isPresent()) {
            String id = String.valueOf(host.unprivileged().getAsInt());
            command.addAll(List.of(
                    "setpriv",
                    "--reuid",
                    id,
                    "--regid",
                    id,
                    "--clear-groups",
                    "--inh-caps=-all",
                    "--bounding-set=-all"));
        } else {
            // An unmapped id in a namespace below: files of ours are its own, and it is not the root that postgres
            // refuses.
            command.addAll(List.of("unshare", "--user", "--", "setpriv"));
        }
        command.addAll(List.of("--no-new-privs", "--", "env", "-i"));
        new TreeSet<>(environment().entrySet().stream()
                        .map(entry -> entry.getKey() + "=" + entry.getValue())
                        .toList())
                .forEach(command::add);
        command.addAll(List.of(
                "prlimit",
                "--as=" + quota.memory().value(),
                // The soft limit's signal has a name of its own in the server's log, the hard one's kills like any
                // other
                "--cpu=" + quota.cpu().toSeconds() + ":" + (quota.cpu().toSeconds() + 10),
                "--fsize=" + quota.disk().value(),
                "--nproc=" + quota.processes(),
                "--nofile=1024",
                "--core=0",
                "--"));
        command.addAll(server);
        return command;
    }

    private static String mount(String type, String options, String point) {
        return "mount -t " + type + " -o " + options + " " + type + " " + quote(point);
    }

    /** Read-only; in a user namespace the kernel wants the flags that the original has, and refuses to drop them. */
    private static String sealed(String point, Collection<String> flags) {
        Set<String> options = new LinkedHashSet<>(List.of("remount", "bind", "ro", "nosuid", "nodev"));
        options.addAll(new TreeSet<>(flags));
        return "mount -o " + String.join(",", options) + " " + quote(point);
    }

    private static String quoteAll(List<String> words) {
        return words.stream().map(Isolation::quote).collect(Collectors.joining(" "));
    }

    /** A word of the shell, whatever it holds. */
    static String quote(Object word) {
        return "'" + word.toString().replace("'", "'\\''") + "'";
    }
}
