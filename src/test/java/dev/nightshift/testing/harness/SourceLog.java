package dev.nightshift.testing.harness;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * What a server's own log says of the VACUUMs that were sent to it: which session began which one when, and how it ended. The
 * server writes a statement before it begins and its duration after its end, so that nothing is missed as it would be by one
 * who looks in on pg_stat_activity. The server must have been started with {@link #SETTINGS}.
 */
public final class SourceLog {
    /** Every statement, its end, and the end of each session, with the time to the millisecond. */
    public static final Map<String, String> SETTINGS = Map.of(
            "log_line_prefix", "%n|%p|%d|",
            "log_statement", "all",
            "log_duration", "on",
            "log_disconnections", "on");

    private static final Pattern LINE = Pattern.compile("(\\d+)\\.(\\d{3})\\|(\\d+)\\|([^|]*)\\|([A-Z]+):  (.*)");
    private static final Pattern STATEMENT = Pattern.compile("(?:execute [^:]+|statement): (.*)");
    private static final Pattern VACUUM = Pattern.compile("vacuum (?:\\([^)]*\\) )?(\\S+)");

    /** With which a node takes a session, fresh or pooled, and gives it back. */
    private static final String TAKEN = "select pg_backend_pid()";

    private static final String GIVEN_BACK = "discard all";

    private final Map<Integer, Use> uses = new HashMap<>();
    private final List<Use> ended = new ArrayList<>();

    private SourceLog() {}

    /** How a VACUUM ended. */
    public enum End {
        DONE,
        /** Its table was locked by others. */
        PASSED_OVER,
        /** By an error, or with its client. */
        CUT_OFF
    }

    /** One statement, with the time at which the server began it. */
    public static final class Vacuum {
        private final String table;
        private final Instant begun;
        private Instant over;
        private @Nullable End end;
        private boolean locked;

        private Vacuum(String table, Instant begun) {
            this.table = table;
            this.begun = begun;
            this.over = Instant.MAX;
        }

        public String table() {
            return table;
        }

        public Instant begun() {
            return begun;
        }

        /** Far in the future while it is under way. */
        public Instant over() {
            return over;
        }

        /** Empty while it is under way. */
        public Optional<End> end() {
            return Optional.ofNullable(end);
        }

        private void ends(Instant at, End how) {
            over = at;
            end = how;
        }
    }

    /**
     * One use of a session: from when a node took it until it gave it back, or the session ended.
     *
     * @param vacuums in their order; at least one
     */
    public record Use(String database, int pid, Instant taken, List<Vacuum> vacuums) {
        public Instant firstBegun() {
            return vacuums.get(0).begun();
        }

        public Instant lastOver() {
            return vacuums.get(vacuums.size() - 1).over();
        }

        private Optional<Vacuum> underWay() {
            return vacuums.isEmpty()
                    ? Optional.empty()
                    : Optional.of(vacuums.get(vacuums.size() - 1)).filter(last -> last.end == null);
        }

        @Override
        public String toString() {
            return database + " by " + pid + ", taken " + taken + ": "
                    + vacuums.stream()
                            .map(each -> each.table + " " + each.begun + " to " + each.over + " " + each.end)
                            .collect(Collectors.joining(", "));
        }
    }

    /** The uses in which something was vacuumed, by their first VACUUM. */
    public static List<Use> read(Path log) {
        SourceLog reader = new SourceLog();
        // A line may hold what a client sent, in whatever encoding
        try (var lines = Files.lines(log, StandardCharsets.ISO_8859_1)) {
            lines.forEach(reader::line);
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        reader.ended.addAll(reader.uses.values());
        return reader.ended.stream()
                .filter(use -> !use.vacuums.isEmpty())
                .sorted(Comparator.comparing(Use::firstBegun))
                .toList();
    }

    /**
     * Uses that worked on one database at once: one began its first VACUUM before the other's last was over, whether or not
     * two statements ran side by side.
     */
    public static List<String> overlaps(List<Use> uses) {
        List<String> all = new ArrayList<>();
        uses.stream().collect(Collectors.groupingBy(Use::database)).values().forEach(ofOne -> {
            Use longest = ofOne.get(0);
            for (Use next : ofOne.subList(1, ofOne.size())) { // by their first VACUUM
                if (next.firstBegun().isBefore(longest.lastOver())) {
                    all.add(longest + " and " + next);
                }
                longest = next.lastOver().isAfter(longest.lastOver()) ? next : longest;
            }
        });
        return all;
    }

    private void line(String text) {
        Matcher line = LINE.matcher(text);
        if (line.matches()) {
            Instant at =
                    Instant.ofEpochSecond(Long.parseLong(line.group(1)), Long.parseLong(line.group(2)) * 1_000_000);
            said(at, Integer.parseInt(line.group(3)), line.group(4), line.group(5), line.group(6));
        }
    }

    private void said(Instant at, int pid, String database, String level, String message) {
        Optional<Vacuum> underWay = Optional.ofNullable(uses.get(pid)).flatMap(Use::underWay);
        switch (level) {
            case "ERROR", "FATAL", "PANIC" -> underWay.ifPresent(vacuum -> vacuum.ends(at, End.CUT_OFF));
            case "WARNING" ->
                underWay.filter(vacuum -> message.startsWith("skipping vacuum"))
                        .ifPresent(vacuum -> vacuum.locked = true);
            case "LOG" -> {
                Matcher statement = STATEMENT.matcher(message);
                if (message.startsWith("duration: ")) {
                    underWay.ifPresent(vacuum -> vacuum.ends(at, vacuum.locked ? End.PASSED_OVER : End.DONE));
                } else if (message.startsWith("disconnection: ")) {
                    underWay.ifPresent(vacuum -> vacuum.ends(at, End.CUT_OFF));
                    over(pid);
                } else if (statement.matches()) {
                    sent(at, pid, database, statement.group(1).toLowerCase(Locale.ROOT));
                }
            }
            default -> {} // DETAIL, STATEMENT and others that belong to one of these
        }
    }

    private void sent(Instant at, int pid, String database, String sql) {
        Matcher vacuum = VACUUM.matcher(sql);
        if (sql.startsWith(TAKEN)) {
            over(pid);
            uses.put(pid, new Use(database, pid, at, new ArrayList<>()));
        } else if (sql.equals(GIVEN_BACK)) {
            over(pid);
        } else if (vacuum.matches() && uses.containsKey(pid)) {
            uses.get(pid).vacuums.add(new Vacuum(vacuum.group(1), at));
        }
    }

    private void over(int pid) {
        Use use = uses.remove(pid);
        if (use != null) {
            ended.add(use);
        }
    }
}
