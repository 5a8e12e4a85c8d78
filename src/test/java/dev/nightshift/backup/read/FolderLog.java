package dev.nightshift.backup.read;

import dev.nightshift.postgres.Lsn;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** An archive that is a folder of plain segments, of which the last may be a beginning only. */
public record FolderLog(Path folder, int segmentBytes) implements ArchivedLog {
    private static final int SEGMENT = 16 << 20;

    /** An empty one. */
    public static FolderLog in(Path folder) throws IOException {
        return new FolderLog(Files.createDirectories(folder), SEGMENT);
    }

    /** Takes what a server has flushed of its timeline's log so far, and its histories. */
    public void receive(Path pgWal, int timeline, Lsn flushed) throws IOException {
        try (Stream<Path> files = Files.list(pgWal)) {
            for (Path file : files.toList()) {
                String name = file.getFileName().toString();
                if (name.endsWith(".history")) {
                    Files.writeString(folder.resolve(name), Files.readString(file));
                } else if (name.matches("[0-9A-F]{24}") && timeline(name) == timeline) {
                    copy(
                            file,
                            folder.resolve(name),
                            flushed.value() - start(name).value());
                }
            }
        }
    }

    /** Likewise of one that runs; answers up to where. */
    public Lsn receive(Postgres server) throws SQLException, IOException {
        try (Connection connection = server.connect("postgres");
                Statement statement = connection.createStatement();
                var row = statement.executeQuery("""
                        select pg_current_wal_flush_lsn(), ('x' || substr(pg_walfile_name(pg_current_wal_flush_lsn()), 1, 8))::bit(32)::int
                        """)) {
            row.next();
            Lsn flushed = Lsn.parse(row.getString(1));
            receive(server.cluster().data().resolve("pg_wal"), row.getInt(2), flushed);
            return flushed;
        }
    }

    private static void copy(Path from, Path to, long most) throws IOException {
        if (most <= 0) {
            return;
        }
        try (FileChannel in = FileChannel.open(from);
                FileChannel out = FileChannel.open(
                        to,
                        StandardOpenOption.CREATE,
                        StandardOpenOption.WRITE,
                        StandardOpenOption.TRUNCATE_EXISTING)) {
            in.transferTo(0, Math.min(most, SEGMENT), out);
        }
    }

    private static int timeline(String name) {
        return Integer.parseInt(name.substring(0, 8), 16);
    }

    private static Lsn start(String name) {
        return new Lsn(
                Long.parseLong(name.substring(8, 16), 16) << 32 | Long.parseLong(name.substring(16), 16) * SEGMENT);
    }

    /** Where a segment lies, for a test that damages it. */
    public Path file(int timeline, Lsn position) {
        return folder.resolve(position.segmentStart(segmentBytes).segmentName(timeline, segmentBytes));
    }

    @Override
    public List<Stretch> stretches() {
        List<Stretch> stretches = new ArrayList<>();
        try (Stream<Path> files = Files.list(folder)) {
            for (Path file : files.filter(each -> each.getFileName().toString().length() == 24)
                    .sorted()
                    .toList()) {
                String name = file.getFileName().toString();
                Lsn from = start(name);
                Lsn to = from.plus(Files.size(file));
                Stretch before = stretches.isEmpty() ? null : stretches.get(stretches.size() - 1);
                if (before != null
                        && before.timeline() == timeline(name)
                        && before.to().equals(from)) {
                    stretches.set(stretches.size() - 1, new Stretch(before.timeline(), before.from(), to));
                } else {
                    stretches.add(new Stretch(timeline(name), from, to));
                }
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return stretches;
    }

    @Override
    public Set<Integer> timelinesWithHistory() {
        try (Stream<Path> files = Files.list(folder)) {
            return files.map(file -> file.getFileName().toString())
                    .filter(name -> name.endsWith(".history"))
                    .map(name -> Integer.parseInt(name.substring(0, 8), 16))
                    .collect(Collectors.toSet());
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @Override
    public Optional<String> history(int timeline) {
        Path file = folder.resolve(String.format("%08X.history", timeline));
        try {
            return Files.exists(file) ? Optional.of(Files.readString(file)) : Optional.empty();
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    /** The same, where the source has acknowledged nothing by this moment that is not in it up to its end now. */
    public ArchivedLog coveredTo(Instant moment) {
        List<Stretch> now = stretches();
        return new ArchivedLog() {
            @Override
            public int segmentBytes() {
                return segmentBytes;
            }

            @Override
            public List<Stretch> stretches() {
                return FolderLog.this.stretches();
            }

            @Override
            public Set<Integer> timelinesWithHistory() {
                return FolderLog.this.timelinesWithHistory();
            }

            @Override
            public Optional<String> history(int timeline) {
                return FolderLog.this.history(timeline);
            }

            @Override
            public Optional<Instant> covered(int timeline, Lsn end) {
                Stretch last = now.get(now.size() - 1);
                return last.timeline() == timeline && last.to().compareTo(end) <= 0
                        ? Optional.of(moment)
                        : Optional.empty();
            }

            @Override
            public InputStream open(int timeline, Lsn start) throws IOException {
                return FolderLog.this.open(timeline, start);
            }
        };
    }

    @Override
    public InputStream open(int timeline, Lsn start) throws IOException {
        return Files.newInputStream(file(timeline, start));
    }
}
