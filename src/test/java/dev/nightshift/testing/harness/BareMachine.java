package dev.nightshift.testing.harness;

import dev.nightshift.testing.Processes;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.stream.Collectors;

/**
 * A machine as a person has it on the day on which Nightshift is gone: the system's programs, a JDK, PostgreSQL's programs, the
 * decoder's jar and a copy of the store, in a mount namespace of their own. Nightshift's folders, the build tree and the credentials of
 * stores are not there. The person's folder outlives the machine, and so do servers that were started there; what they listen on is
 * this machine's loopback.
 */
public final class BareMachine {
    /** Where the store is found there. */
    public static final String STORE = "/srv/store";

    private static final Duration DEADLINE = Duration.ofMinutes(2);
    private static final String HOME = "/home/person";
    private static final String DECODER = "nightshift-decoder.jar";

    private final Map<String, Path> places = new LinkedHashMap<>();
    private final List<String> path = new ArrayList<>();

    /**
     * @param home the person's folder, which gets the decoder's jar
     * @param store of which only this folder is there
     * @param programs folders of programs, each the bin of an installation
     */
    public BareMachine(Path home, Path store, Path... programs) throws IOException {
        Files.copy(ByHand.decoder(), home.resolve(DECODER));
        places.put(HOME, home);
        places.put(STORE, store);
        for (Path bin : programs) {
            install(bin);
        }
        install(Path.of(System.getProperty("java.home"), "bin"));
        path.addAll(List.of("/usr/bin", "/bin"));
    }

    /** The system's own are there anyhow; what lies below a build tree must not show where. */
    private void install(Path bin) throws IOException {
        Path real = bin.toRealPath();
        if (real.startsWith("/usr")) {
            path.add(real.toString());
        } else {
            String place = "/opt/" + places.size();
            places.put(place, real.getParent());
            path.add(place + "/bin");
        }
    }

    /** Runs commands of the guide in a shell that ends at the first failure; {@code <store>} is the store there. */
    public Processes.Result run(String commands) throws IOException {
        return Processes.run(
                DEADLINE,
                List.of(
                        "unshare",
                        "--user",
                        "--map-root-user",
                        "--mount",
                        "sh",
                        "-euc",
                        script(),
                        "sh",
                        commands.replace("<store>", STORE)));
    }

    /** An AssertionError if one of these paths is there, or is not, other than it should. */
    public void has(boolean wanted, Path... paths) throws IOException {
        for (Path path : paths) {
            int exit = run("test -e " + quote(path)).exit();
            if (exit == 0 != wanted || exit > 1) {
                throw new AssertionError(path + (wanted ? " is not there" : " is there") + ": " + exit);
            }
        }
    }

    /** As the product's sandbox does it; what runs in the end has no right over the mounts, and is not the root that postgres refuses. */
    private String script() {
        String mounts = places.entrySet().stream()
                .map(place ->
                        "mkdir -p .%1$s; mount --rbind %2$s .%1$s".formatted(place.getKey(), quote(place.getValue())))
                .collect(Collectors.joining("\n"));
        return """
                mount -t tmpfs -o mode=755 machine /mnt
                cd /mnt
                mkdir -p usr etc dev/shm proc tmp old
                for name in bin sbin lib lib32 lib64; do
                  if [ -L /$name ]; then cp -P /$name $name
                  elif [ -d /$name ]; then mkdir $name; mount --rbind /$name $name; fi
                done
                mount --rbind /usr usr
                mount --rbind /proc proc
                for device in null zero random urandom; do : > dev/$device; mount --bind /dev/$device dev/$device; done
                mount -t tmpfs -o mode=1777 shm dev/shm
                mount -t tmpfs -o mode=1777 tmp tmp
                for file in ld.so.cache ld.so.conf localtime; do
                  if [ -f /etc/$file ]; then cp -L /etc/$file etc/; fi
                done
                for folder in /etc/alternatives /etc/ssl /etc/java-*; do
                  if [ -d $folder ]; then mkdir .$folder; mount --rbind $folder .$folder; fi
                done
                echo 'person:x:65534:65534::%1$s:/bin/sh' > etc/passwd
                echo 'person:x:65534:' > etc/group
                echo '127.0.0.1 localhost' > etc/hosts
                %2$s
                pivot_root . old
                cd /
                umount -l /old
                rmdir /old
                cd %1$s
                exec unshare --user -- env -i PATH=%3$s LC_ALL=C.UTF-8 sh -euc "$1"
                """.formatted(HOME, mounts, quote(String.join(":", path)));
    }

    private static String quote(Object word) {
        return "'" + word.toString().replace("'", "'\\''") + "'";
    }
}
