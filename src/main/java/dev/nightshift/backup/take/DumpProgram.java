package dev.nightshift.backup.take;

import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.ObjectSeries;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Identifier;
import dev.nightshift.postgres.ToolLogin;
import dev.nightshift.postgres.ToolProcess;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.io.InputStream;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicLong;
import java.util.function.IntConsumer;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** pg_dump at work: its output is stored as it comes, and counts for nothing unless it ended well. Use an object once. */
final class DumpProgram implements AutoCloseable {
    /** What every archive of pg_dump begins with. */
    private static final String MAGIC = "PGDMP";

    /** Reading the definitions of a database of many thousand tables writes nothing for long. */
    private static final Duration FIRST = Duration.ofMinutes(30);

    private static final Duration LEAVE = Duration.ofMinutes(1);

    /** Then somebody alters a table just now; a minute is longer than a deployment's statement. */
    private static final Duration LOCK = Duration.ofMinutes(1);

    private static final long TELL_EVERY = 4 << 20;
    private static final int CHUNK = 256 << 10;

    /** Words of the server and of libpq, in English: LC_ALL is C, and the server's own language leaves these in doubt only. */
    private static final Pattern AGAIN = Pattern.compile("connection to server|server closed the connection"
            + "|terminating connection|could not receive data|connection not open|lost synchronization|lock timeout"
            + "|the database system is|no connection to the server|SSL SYSCALL");

    private static final Pattern ROW_SECURITY = Pattern.compile("row-level security|row security");
    private static final Pattern DENIED = Pattern.compile("permission denied|must be (?:owner|superuser)");

    private final DumpRequest request;
    private final ToolProcess process;
    private final BackupProgress progress;
    private final AtomicLong waitingSince = new AtomicLong();
    private volatile boolean begun;
    private volatile boolean hung;
    private volatile boolean over;
    private long bytes;

    DumpProgram(DumpRequest request, ToolLogin login, List<String> arguments, BackupProgress progress) {
        this.request = request;
        this.progress = progress;
        this.process = ToolProcess.start(request.tools().dump(), arguments, login);
        Thread watch = new Thread(this::watch, "nightshift-pg_dump-watch");
        watch.setDaemon(true);
        watch.start();
    }

    /**
     * What it is called with.
     *
     * @param encoding of the database
     * @param compression 0 where whoever reads it compresses it
     * @throws Failure.Skippable if a name cannot be handed over on this machine: pg_dump would look for another one
     */
    static List<String> arguments(
            Manifest.Kind kind, DumpSelection selection, String encoding, String snapshot, int compression) {
        List<String> all = new ArrayList<>(List.of(
                "--format=custom",
                "--compress=" + compression,
                "--no-sync",
                "--no-password",
                "--lock-wait-timeout=" + LOCK.toMillis(),
                "--snapshot=" + snapshot));
        if (!encoding.equals(DumpSource.NO_ENCODING)) {
            all.add("--encoding=UTF8"); // in which its arguments come; else it would not find names of other letters
        }
        if (kind == Manifest.Kind.SCHEMA) {
            all.add("--schema-only");
        } else if (kind == Manifest.Kind.DATA) {
            all.add("--data-only");
        }
        if (!selection.isAll()) {
            all.add("--strict-names");
        }
        selection.schemas().forEach(name -> all.add("--schema=" + quoted(name)));
        selection.withoutSchemas().forEach(name -> all.add("--exclude-schema=" + quoted(name)));
        selection.tables().forEach(table -> all.add("--table=" + table.quoted()));
        selection.withoutTables().forEach(table -> all.add("--exclude-table=" + table.quoted()));
        for (String argument : all) {
            if (!ToolProcess.canGet(argument)) {
                throw new Failure.Skippable(
                        "Nightshift runs under a locale that has no letters for " + argument + ".",
                        "Start it with LC_ALL=C.UTF-8.",
                        null);
            }
        }
        return all;
    }

    private static String quoted(String name) {
        return new Identifier(name).quoted();
    }

    /** A read that waits too long is a program that hangs; one that waits for the store is not. */
    private void watch() {
        try {
            while (!over) {
                TimeUnit.SECONDS.sleep(1);
                long since = waitingSince.get();
                Duration most = begun ? request.silence() : FIRST;
                if (since != 0 && System.nanoTime() - since > most.toNanos()) {
                    hung = true;
                    process.kill();
                    return;
                }
            }
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    /**
     * Stores what it writes, to the end.
     *
     * @param first called once it has begun to write: from then on it holds its locks on the tables
     * @param pace hears how many bytes came, and returns when more may
     * @throws Failure as the store says, or of what pg_dump complained
     */
    void store(ObjectSeries series, Runnable first, IntConsumer pace) {
        byte[] chunk = new byte[CHUNK];
        long told = 0;
        try (InputStream out = process.output()) {
            for (int count = read(out, chunk); count >= 0; count = read(out, chunk)) {
                if (bytes == 0) {
                    begun = true;
                    first.run();
                }
                pace.accept(count);
                series.fill(new ByteArrayInputStream(chunk, 0, count), count);
                bytes += count;
                if (bytes - told >= TELL_EVERY) {
                    told = bytes;
                    progress.bytes(bytes, 0);
                }
            }
        } catch (IOException e) {
            throw failed(process.end(LEAVE), e);
        }
        int code = process.end(LEAVE);
        if (code != 0) {
            throw failed(code, null);
        }
        if (bytes < MAGIC.length()) {
            throw new Failure.Fatal(
                    "pg_dump ended well and wrote nothing.",
                    "Look at the program in " + request.tools().bin() + ".",
                    null);
        }
        progress.bytes(bytes, 0);
    }

    private int read(InputStream out, byte[] chunk) throws IOException {
        waitingSince.set(System.nanoTime());
        try {
            return out.read(chunk);
        } finally {
            waitingSince.set(0);
        }
    }

    private Failure failed(int code, @Nullable IOException cause) {
        String what = "pg_dump of database " + request.database();
        if (hung) {
            return new Failure.Retryable(
                    what + " wrote nothing for " + (begun ? request.silence() : FIRST).toMinutes()
                            + " min and was ended.",
                    "Look at the server, and at the network to it.",
                    cause);
        }
        String reason = process.reason();
        if (code == -1 || code > 128) {
            return new Failure.Retryable(
                    what + (code == -1 ? " did not end" : " was ended by signal " + (code - 128))
                            + ", and is no backup." + (reason.isEmpty() ? "" : " " + reason),
                    "Look who ends programs on this machine: memory may be short.",
                    cause);
        }
        return judged(
                what + " failed, and is no backup: " + (reason.isEmpty() ? "it ended with exit code " + code : reason),
                reason,
                cause);
    }

    static Failure judged(String message, String reason, @Nullable Throwable cause) {
        if (ROW_SECURITY.matcher(reason).find()) {
            return new Failure.Skippable(
                    message,
                    "A policy hides rows from Nightshift's role: ALTER ROLE … BYPASSRLS, or leave the table out.",
                    cause);
        }
        if (DENIED.matcher(reason).find()) {
            return new Failure.Skippable(
                    message,
                    "GRANT pg_read_all_data to Nightshift's role; large objects need their owner or a superuser.",
                    cause);
        }
        return AGAIN.matcher(reason).find()
                ? new Failure.Retryable(message, null, cause)
                : new Failure.Fatal(message, null, cause);
    }

    long bytes() {
        return bytes;
    }

    /** Ends it from another thread. */
    void kill() {
        process.kill();
    }

    @Override
    public void close() {
        over = true;
        process.close();
    }
}
