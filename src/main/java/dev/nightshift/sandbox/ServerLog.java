package dev.nightshift.sandbox;

import java.io.IOException;
import java.io.RandomAccessFile;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/** What the server of a sandbox said, and whether that speaks against the backup or only against this machine. */
final class ServerLog {
    /** Enough for the messages around a server's end. */
    private static final int TAIL = 64 << 10;

    /** How the sandbox's own last line begins. */
    static final String ENDED = "sandbox: the server ended with exit code ";

    private static final Pattern GRAVE = Pattern.compile("(?m)^(?:FATAL|PANIC): {1,2}(.*(?:\\n(?:DETAIL|HINT): .*)*)");

    /** A message of the server that says something about this machine, and what to do about it. */
    private record Lack(Pattern message, String remedy) {
        static Lack of(String regex, String remedy) {
            return new Lack(Pattern.compile("(?m)^.*(?:" + regex + ").*$"), remedy);
        }
    }

    /** Messages as in the sources of PostgreSQL 13 to 18; lc_messages is C in a sandbox. */
    private static final List<Lack> LACKS = List.of(
            Lack.of(
                    "could not access file \"|could not load library \"|extension \".*\" is not available"
                            + "|could not open extension control file",
                    "Install the extension's files beside the server programs that proofs use."),
            Lack.of(
                    "database locale is incompatible|locale .* (?:is )?not (?:recognized|supported)|could not open collator"
                            + "|ICU is not supported in this build|could not create locale",
                    "Generate the source's locale here, or use server programs with the same locale provider."),
            Lack.of(
                    "not supported by (?:this )?build|compression method \\w+ not supported",
                    "Use server programs that were built with the compression the source uses."),
            Lack.of(
                    "database files are incompatible with server",
                    "Use server programs of the same major version, block size and architecture as the source."),
            Lack.of(
                    "insufficient parameter settings",
                    "Take a new backup: a setting of the source was raised after this one."),
            Lack.of(
                    "error while loading shared libraries|version `.*' not found|No such file or directory.*postgres$",
                    "Install the libraries that the server programs need."),
            Lack.of(
                    "could not set permissions on directory \".*\": No such file|directory \".*\" does not exist",
                    "Prove a backup that was taken after the tablespace was created."),
            Lack.of(
                    "(?:must be|can only be) loaded via \"?shared_preload_libraries|security label provider .* is not loaded",
                    "A scratch server loads no library by itself: what needs one cannot be tried here."),
            Lack.of("could not fork .*: Resource", "Let this machine's users have more processes."));

    /** What a server ran out of in the middle of its work: whatever was not looked at yet can still be anything. */
    private static final List<Lack> EXHAUSTED = List.of(
            Lack.of(
                    "No space left on device|Disk quota exceeded|File too large",
                    "Make room where NIGHTSHIFT_DATA lies."),
            Lack.of(
                    "could not map anonymous shared memory|[Cc]annot allocate memory|out of memory|terminated by signal 9\\b",
                    "Give proofs more memory: NIGHTSHIFT_PROOF_MEMORY_GIGABYTES."),
            Lack.of(
                    "CPU time limit exceeded|terminated by signal 24\\b",
                    "Give proofs more CPU time: NIGHTSHIFT_PROOF_CPU_HOURS."),
            Lack.of("Input/output error", "Look at the disk that holds NIGHTSHIFT_DATA."));

    private ServerLog() {}

    /** The last 64 kB; empty if there is no log. */
    static String tail(Path log) {
        try (RandomAccessFile file = new RandomAccessFile(log.toFile(), "r")) {
            long length = file.length();
            byte[] bytes = new byte[(int) Math.min(length, TAIL)];
            file.seek(length - bytes.length);
            file.readFully(bytes);
            return new String(bytes, StandardCharsets.UTF_8);
        } catch (IOException e) {
            return "";
        }
    }

    /** What this machine lacks according to a log or an error message; empty if nothing of that kind is said. */
    static Optional<NotPossibleHere> lack(String text) {
        return first(LACKS, text).or(() -> exhausted(text));
    }

    /** What ran out; empty if nothing of that kind is said. */
    static Optional<NotPossibleHere> exhausted(String text) {
        return first(EXHAUSTED, text);
    }

    private static Optional<NotPossibleHere> first(List<Lack> lacks, String text) {
        for (Lack lack : lacks) {
            Matcher matcher = lack.message().matcher(text);
            if (matcher.find()) {
                return Optional.of(new NotPossibleHere(plain(matcher.group()), lack.remedy()));
            }
        }
        return Optional.empty();
    }

    /** The last FATAL or PANIC with its detail and hint; without one, what was said last before the end. */
    static String reason(String text) {
        Matcher matcher = GRAVE.matcher(text);
        String last = null;
        while (matcher.find()) {
            // "the database system is …" tells a client off, it is not why the server ended.
            if (!matcher.group(1).startsWith("the database system is")) {
                last = matcher.group(1).replace('\n', ' ');
            }
        }
        if (last != null) {
            return last;
        }
        String said = text.strip();
        int end = Math.max(said.lastIndexOf("\n" + ENDED), 0);
        String before = end == 0 ? said : said.substring(0, end);
        return before.substring(before.lastIndexOf('\n') + 1);
    }

    private static String plain(String line) {
        return line.replaceFirst("^(?:FATAL|PANIC|ERROR|WARNING|LOG): {1,2}", "")
                .strip();
    }
}
