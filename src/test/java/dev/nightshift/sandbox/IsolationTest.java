package dev.nightshift.sandbox;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.kernel.Bytes;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.OptionalInt;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class IsolationTest {
    private static final Quota QUOTA = Quota.ofDisk(new Bytes(1L << 30));
    private static final SandboxFolder FOLDER = new SandboxFolder(Path.of("/data/it's here/abcdefgh"));

    @Test
    void aRootGivesEveryRightAwayBeforeTheServerStarts() {
        Isolation isolation = isolation(new Host(0, OptionalInt.of(64_321), List.of()), Map.of());
        assertFalse(isolation.command("").contains("--user"));
        String script = isolation.script(FOLDER, QUOTA, 60, List.of("/usr/bin/postgres", "-c", "a=b c"));
        assertTrue(
                script.contains("'setpriv' '--reuid' '64321' '--regid' '64321' '--clear-groups' '--inh-caps=-all'"
                        + " '--bounding-set=-all' '--no-new-privs' '--' 'env' '-i'"),
                script);
        assertTrue(script.contains("'--' '/usr/bin/postgres' '-c' 'a=b c' >&4 2>&1 4>&-"), script);
    }

    @Test
    void anOrdinaryUserEntersAUserNamespaceAndLeavesItsRootForAnother() {
        Isolation isolation = isolation(new Host(1000, OptionalInt.empty(), List.of()), Map.of());
        assertTrue(isolation.command("").containsAll(List.of("--user", "--map-root-user")));
        String script = isolation.script(FOLDER, QUOTA, 60, List.of("/usr/bin/postgres"));
        assertTrue(script.contains("'unshare' '--user' '--' 'setpriv' '--no-new-privs'"), script);
    }

    @Test
    void wordsOfTheShellAreQuoted() {
        assertEquals("'it'\\''s; $(rm) `x`'", Isolation.quote("it's; $(rm) `x`"));
    }

    @Test
    void whatIsReadOnlyKeepsTheFlagsOfItsMountAndMountsBelowAreSealedToo() {
        Host host = new Host(
                1000,
                OptionalInt.empty(),
                List.of(
                        Host.Mount.parse("21 1 254:0 / / rw,relatime - ext4 /dev/vda rw"),
                        Host.Mount.parse("22 21 254:1 / /usr rw,nodev,noatime shared:2 - ext4 /dev/vdb rw"),
                        Host.Mount.parse("23 22 254:2 / /usr/lib/my\\040libs rw,noexec - ext4 /dev/vdc rw")));
        String script = new Isolation(host, List.of(Path.of("/usr/lib")), Set.of(), Map.of())
                .script(FOLDER, QUOTA, 60, List.of("true"));
        String root = "'/data/it'\\''s here/abcdefgh/root";
        assertTrue(script.contains("mount -o remount,bind,ro,nosuid,nodev,noatime " + root + "/usr/lib'\n"), script);
        assertTrue(
                script.contains("mount -o remount,bind,ro,nosuid,nodev,noexec " + root + "/usr/lib/my libs'\n"),
                script);
    }

    @Test
    void whatIsHiddenIsCoveredWhereItLiesAmongPrograms() {
        Host host = new Host(0, OptionalInt.of(1), List.of());
        String script = new Isolation(
                        host,
                        List.of(Path.of("/usr/lib")),
                        Set.of(Path.of("/usr/lib/nightshift"), Path.of("/var/lib/nightshift")),
                        Map.of())
                .script(FOLDER, QUOTA, 60, List.of("true"));
        assertTrue(script.contains("ro tmpfs '/data/it'\\''s here/abcdefgh/root/usr/lib/nightshift'\n"), script);
        assertFalse(script.contains("/var/lib/nightshift"), script);
    }

    @Test
    void aTablespaceWhereTheServerHasItsFilesIsRefused() {
        Host host = new Host(0, OptionalInt.of(1), List.of());
        for (String path :
                List.of("/", "/etc/x", "/usr", "/tmp", "/proc/1", "relative", "/srv/../etc", "/opt", "/opt/pg/lib/x")) {
            Map<Path, Path> mapped = Map.of(Path.of(path), Path.of("/data/1"));
            assertThrows(
                    NotPossibleHere.class,
                    () -> new Isolation(host, List.of(Path.of("/opt/pg/lib")), Set.of(), mapped),
                    path);
        }
        Isolation overFolder = isolation(host, Map.of(Path.of("/data"), Path.of("/x")));
        assertThrows(NotPossibleHere.class, () -> overFolder.script(FOLDER, QUOTA, 60, List.of("true")));
    }

    @Test
    void theUnprivilegedIdIsOneThatIsMapped() {
        assertEquals(OptionalInt.of(64_321), Host.unprivileged(List.of("         0          0 4294967295")));
        assertEquals(OptionalInt.of(999), Host.unprivileged(List.of("0 100000 1000")));
        assertEquals(OptionalInt.of(64_321), Host.unprivileged(List.of("0 1000 1", "1 100000 65536")));
        assertEquals(OptionalInt.empty(), Host.unprivileged(List.of("0 1000 1")));
    }

    /** The way of ordinary users, walked by a user that a superuser turns into. */
    @Test
    void withoutARootTheWallsStandAsWell(@TempDir Path folder) throws Exception {
        Host here = Host.here();
        boolean root = here.user() == 0;
        SandboxFolder sandbox = new SandboxFolder(folder.resolve("sandbox"));
        for (Path path : List.of(
                sandbox.root(),
                sandbox.socket(),
                sandbox.data(),
                sandbox.tablespaces(),
                sandbox.wal(),
                sandbox.configuration())) {
            Files.createDirectories(path);
        }
        Path secret = Files.writeString(folder.resolve("secret"), "the key");
        if (root) {
            Files.setPosixFilePermissions(folder, PosixFilePermissions.fromString("rwxr-xr-x"));
            Trees.give(sandbox.path(), here.unprivileged().orElseThrow());
        }
        Isolation isolation = new Isolation(
                new Host(1000, OptionalInt.empty(), here.mounts()),
                List.of(Path.of("/usr/bin"), Path.of("/usr/sbin"), Path.of("/usr/lib"), Path.of("/usr/lib64")),
                Set.of(),
                Map.of());
        String say = "id -u; stat -c %u " + sandbox.data() + "; cat " + secret + "; ls /root;"
                + " echo x > /usr/bin/x; echo written > " + sandbox.data() + "/file; env; cat /proc/1/comm";
        List<String> command = new ArrayList<>();
        if (root) {
            String id = String.valueOf(here.unprivileged().orElseThrow());
            command.addAll(List.of("setpriv", "--reuid", id, "--regid", id, "--clear-groups"));
        }
        command.addAll(isolation.command(isolation.script(sandbox, QUOTA, 60, List.of("sh", "-c", say))));
        Process process = new ProcessBuilder(command).redirectErrorStream(true).start();
        String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
        assertTrue(process.waitFor(10, TimeUnit.SECONDS));
        assertTrue(output.startsWith("isolated\n"), output);
        String said = Files.readString(sandbox.log());
        assertTrue(said.startsWith("65534\n65534\n"), said);
        assertFalse(said.contains("the key"), said);
        assertTrue(said.contains("Read-only file system"), said);
        assertFalse(said.contains("HOME="), said);
        assertEquals("written\n", Files.readString(sandbox.data().resolve("file")));
    }

    private static Isolation isolation(Host host, Map<Path, Path> mapped) {
        return new Isolation(host, List.of(Path.of("/usr/bin")), Set.of(), mapped);
    }
}
