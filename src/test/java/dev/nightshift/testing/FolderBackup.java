package dev.nightshift.testing;

import java.io.IOException;
import java.nio.file.FileVisitResult;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.nio.file.SimpleFileVisitor;
import java.nio.file.attribute.BasicFileAttributes;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.function.LongFunction;
import java.util.stream.Stream;

/**
 * A physical backup by nothing but SQL and copying (manual, section 26.3.3), for tests of what comes after one: taken
 * between {@link #begin} and {@link #end}, so that a test can change the source in between.
 */
public final class FolderBackup implements AutoCloseable {
    private static final String POINT = "nightshift_test";

    private final Postgres source;
    private final Connection session;
    private final Path data;
    private final Path wal;

    private FolderBackup(Postgres source, Connection session, Path data, Path wal) {
        this.source = source;
        this.session = session;
        this.data = data;
        this.wal = wal;
    }

    /**
     * Where recovery is to end.
     *
     * @param lsn right after the restore point
     */
    public record Position(String lsn, int timeline, String restorePoint) {}

    /** Copies the source's data folder and tablespaces; WAL comes at the end. */
    public static FolderBackup begin(Postgres source, Path data, LongFunction<Path> tablespaces, Path wal)
            throws SQLException, IOException {
        Connection session = source.connect("postgres");
        try (Statement statement = session.createStatement()) {
            statement.execute("select pg_backup_start('test', true)");
        }
        Path from = source.cluster().data();
        copy(from, data);
        try (Stream<Path> links = Files.list(from.resolve("pg_tblspc"))) {
            for (Path link : links.toList()) {
                String oid = link.getFileName().toString();
                Path target = tablespaces.apply(Long.parseLong(oid));
                copy(link.toRealPath(), target);
                Files.createSymbolicLink(data.resolve("pg_tblspc").resolve(oid), target);
            }
        }
        return new FolderBackup(source, session, data, wal);
    }

    /** Writes backup_label, a restore point after everything done so far, and copies the WAL up to it. */
    public Position end() throws SQLException, IOException {
        String lsn;
        int timeline;
        try (Statement statement = session.createStatement()) {
            try (ResultSet label = statement.executeQuery("select labelfile from pg_backup_stop(false)")) {
                label.next();
                Files.writeString(data.resolve("backup_label"), label.getString(1));
            }
            try (ResultSet point = statement.executeQuery("select pg_create_restore_point('" + POINT + "')")) {
                point.next();
                lsn = point.getString(1);
            }
            try (ResultSet control = statement.executeQuery("select timeline_id from pg_control_checkpoint()")) {
                control.next();
                timeline = control.getInt(1);
            }
            statement.execute("select pg_switch_wal()");
        }
        Files.createDirectories(wal);
        try (Stream<Path> segments = Files.list(source.cluster().data().resolve("pg_wal"))) {
            for (Path segment : segments.filter(Files::isRegularFile).toList()) {
                Files.copy(segment, wal.resolve(segment.getFileName()));
            }
        }
        return new Position(lsn, timeline, POINT);
    }

    /** Begin and end at once. */
    public static Position take(Postgres source, Path data, LongFunction<Path> tablespaces, Path wal)
            throws SQLException, IOException {
        try (FolderBackup backup = begin(source, data, tablespaces, wal)) {
            return backup.end();
        }
    }

    @Override
    public void close() throws SQLException {
        session.close();
    }

    private static void copy(Path from, Path to) throws IOException {
        Files.walkFileTree(from, new SimpleFileVisitor<>() {
            @Override
            public FileVisitResult preVisitDirectory(Path directory, BasicFileAttributes attributes)
                    throws IOException {
                Files.createDirectories(to.resolve(from.relativize(directory).toString()));
                String path = from.relativize(directory).toString();
                return path.equals("pg_replslot") || path.equals("pg_wal") || path.equals("pg_tblspc")
                        ? FileVisitResult.SKIP_SUBTREE
                        : FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFile(Path file, BasicFileAttributes attributes) throws IOException {
                if (!file.getFileName().toString().startsWith("postmaster.")) {
                    try {
                        Files.copy(file, to.resolve(from.relativize(file).toString()));
                    } catch (NoSuchFileException e) {
                        return FileVisitResult.CONTINUE; // dropped meanwhile: WAL knows
                    }
                }
                return FileVisitResult.CONTINUE;
            }

            @Override
            public FileVisitResult visitFileFailed(Path file, IOException failure) {
                return FileVisitResult.CONTINUE;
            }
        });
    }
}
