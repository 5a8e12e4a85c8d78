package dev.nightshift.sandbox;

import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/**
 * How the server of a sandbox is started: nothing of the source's configuration is used, and what must not happen is
 * forbidden on the command line, where the restored postgresql.auto.conf cannot undo it.
 *
 * @param major of the server
 * @param superuser the only role that is let in
 * @param recovery where recovery is to end; null for a data folder that was shut down cleanly
 * @param preload libraries that are loaded although the rest is not
 */
public record ServerSettings(
        int major, String superuser, @Nullable Recovery recovery, Preload preload) {
    private static final Pattern LSN = Pattern.compile("[0-9A-F]{1,8}/[0-9A-F]{1,8}");
    private static final Pattern TIME = Pattern.compile("\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d\\.\\d{6}\\+00:00");
    private static final Pattern XID = Pattern.compile("[0-9]{1,10}");

    /** A recovery point's name has at most 63 bytes (manual, section 9.28.3). */
    private static final int NAME_LENGTH = 63;

    /** What a small scratch server needs at least, whatever its source had. */
    private static final ControlFile SMALLEST = new ControlFile(0, 0, 20, 8, 4, 0, 64);

    /**
     * Where recovery stops, to wait there as a hot standby.
     *
     * @param stop what to look for
     * @param where the restore point's name, a position such as {@code "0/3000060"}, a time such as {@code "2026-01-02
     *     03:04:05.000000+00:00"}, a transaction's number, or nothing for consistency
     * @param timeline the place is on
     * @param startTimeline the backup began on
     */
    public record Recovery(Stop stop, String where, int timeline, int startTimeline) {
        /** What recovery looks for. */
        public enum Stop {
            RESTORE_POINT,
            /** The first record at or after a position: there has to be one. */
            POSITION,
            /** Just before that record. */
            BEFORE,
            /** The last commit or abort that is not later: there has to be one that is. */
            TIME,
            /** The end of a transaction. */
            TRANSACTION,
            /** As soon as the backup is consistent. */
            CONSISTENCY
        }

        public Recovery {
            boolean valid = switch (stop) {
                case RESTORE_POINT -> !where.isEmpty() && where.length() <= NAME_LENGTH && where.indexOf('\n') < 0;
                case POSITION, BEFORE -> LSN.matcher(where).matches();
                case TIME -> TIME.matcher(where).matches();
                case TRANSACTION -> XID.matcher(where).matches();
                case CONSISTENCY -> where.isEmpty();
            };
            if (!valid || timeline < 1 || startTimeline < 1) {
                throw new IllegalArgumentException("Recovery cannot stop at " + where + " on timeline " + timeline);
            }
        }

        public static Recovery toRestorePoint(String name, int timeline) {
            return new Recovery(Stop.RESTORE_POINT, name, timeline, timeline);
        }

        /** Where just the transactions have committed whose end lies before the position. */
        public static Recovery before(String position, int timeline) {
            return new Recovery(Stop.BEFORE, position, timeline, timeline);
        }

        public static Recovery toConsistency(int timeline) {
            return new Recovery(Stop.CONSISTENCY, "", timeline, timeline);
        }
    }

    /** The arguments of {@code postgres}. */
    List<String> arguments(SandboxFolder folder, ControlFile source) {
        List<String> arguments = new ArrayList<>(List.of("-D", folder.data().toString()));
        settings(folder, source).forEach((name, value) -> arguments.addAll(List.of("-c", name + "=" + value)));
        return arguments;
    }

    /** Every setting in the order of its reason: where, what must not happen, recovery, size. */
    Map<String, String> settings(SandboxFolder folder, ControlFile source) {
        Map<String, String> all = new LinkedHashMap<>();
        Path configuration = folder.configuration();
        all.put("config_file", configuration.resolve("postgresql.conf").toString());
        all.put("hba_file", configuration.resolve("pg_hba.conf").toString());
        all.put("ident_file", configuration.resolve("pg_ident.conf").toString());
        all.put("external_pid_file", "");
        all.putAll(forbidden());
        all.putAll(recovery(folder));
        all.putAll(size(source));
        return all;
    }

    /** No way out: no archive, no primary, no subscription, no port, no code that loads itself. */
    private Map<String, String> forbidden() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("listen_addresses", "");
        all.put("unix_socket_directories", Isolation.SOCKET.toString());
        all.put("unix_socket_permissions", "0700");
        all.put("port", "5432");
        all.put("ssl", "off");
        all.put("archive_mode", "off");
        all.put("archive_command", "");
        if (major >= 15) {
            all.put("archive_library", "");
        }
        all.put("archive_cleanup_command", "");
        all.put("recovery_end_command", "");
        all.put("primary_conninfo", "");
        all.put("primary_slot_name", "");
        all.put("synchronous_standby_names", "");
        all.put("shared_preload_libraries", String.join(",", preload.shared()));
        all.put("session_preload_libraries", String.join(",", preload.session()));
        all.put("local_preload_libraries", "");
        all.put("dynamic_library_path", "$libdir");
        all.put("max_logical_replication_workers", "0");
        if (major >= 17) {
            all.put("event_triggers", "off");
            all.put("sync_replication_slots", "off");
            all.put("summarize_wal", "off");
        }
        all.put("autovacuum", "off");
        all.put("jit", "off");
        all.put("logging_collector", "off");
        all.put("log_destination", "stderr");
        all.put("log_line_prefix", "");
        all.put("lc_messages", "C");
        return all;
    }

    /**
     * What each session sends at login: it outranks ALTER ROLE and ALTER DATABASE of the source, and these outrank the
     * command line (manual, section 19.1.3). Some of them would load or call code; the others would make a good backup
     * look bad, or a bad one good.
     */
    String sessionOptions() {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("role", "none");
        all.put("session_preload_libraries", String.join(",", preload.session()));
        all.put("local_preload_libraries", "");
        // Else a library of the allowed name could come out of the backup
        all.put("dynamic_library_path", "$libdir");
        all.put("search_path", "pg_catalog");
        all.put("session_replication_role", "replica");
        all.put("default_transaction_read_only", "off");
        // A hot standby refuses serializable
        all.put("default_transaction_isolation", "read committed");
        all.put("default_transaction_deferrable", "off");
        all.put("statement_timeout", "0");
        all.put("idle_in_transaction_session_timeout", "0");
        all.put("idle_session_timeout", "0");
        all.put("lock_timeout", "60000");
        all.put("row_security", "off");
        all.put("jit", "off");
        all.put("default_tablespace", "");
        // Damage is to be found, and told in the words that we know
        all.put("ignore_checksum_failure", "off");
        all.put("zero_damaged_pages", "off");
        all.put("ignore_system_indexes", "off");
        all.put("lc_messages", "C");
        if (major >= 17) {
            all.put("event_triggers", "off");
            all.put("transaction_timeout", "0");
        }
        if (major >= 18) {
            all.put("extension_control_path", "$system");
        }
        return all.entrySet().stream()
                .map(entry -> "-c " + entry.getKey() + "=" + entry.getValue().replace(" ", "\\ "))
                .collect(Collectors.joining(" "));
    }

    private Map<String, String> recovery(SandboxFolder folder) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("hot_standby", "on");
        all.put("restore_command", restoreCommand(folder.wal()));
        if (recovery != null) {
            switch (recovery.stop()) {
                case RESTORE_POINT -> all.put("recovery_target_name", recovery.where());
                case POSITION, BEFORE -> all.put("recovery_target_lsn", recovery.where());
                case TIME -> all.put("recovery_target_time", recovery.where());
                case TRANSACTION -> all.put("recovery_target_xid", recovery.where());
                case CONSISTENCY -> all.put("recovery_target", "immediate");
            }
            all.put("recovery_target_action", "pause");
            all.put("recovery_target_inclusive", recovery.stop() == Recovery.Stop.BEFORE ? "off" : "on");
            // A number is looked up in a history file, which the source's own timeline need not have.
            all.put(
                    "recovery_target_timeline",
                    recovery.timeline() == recovery.startTimeline() ? "current" : String.valueOf(recovery.timeline()));
        }
        return all;
    }

    /**
     * Exit code 1 says that a file is not there, and recovery takes that for the end of WAL; whatever else goes wrong must
     * be above 125, which aborts recovery (manual, section 26.3.4).
     */
    static String restoreCommand(Path wal) {
        String from = wal.toString().replace("%", "%%") + "/%f";
        return "if [ -e \"" + from + "\" ]; then cp \"" + from + "\" \"%p\" || exit 200; else exit 1; fi";
    }

    /** Small, and never on disk for certain; but hot standby wants what the source had. */
    private static Map<String, String> size(ControlFile source) {
        Map<String, String> all = new LinkedHashMap<>();
        all.put("max_connections", atLeast(source.maxConnections(), SMALLEST.maxConnections()));
        all.put("max_worker_processes", atLeast(source.maxWorkerProcesses(), SMALLEST.maxWorkerProcesses()));
        all.put("max_wal_senders", atLeast(source.maxWalSenders(), SMALLEST.maxWalSenders()));
        all.put(
                "max_prepared_transactions",
                atLeast(source.maxPreparedTransactions(), SMALLEST.maxPreparedTransactions()));
        all.put(
                "max_locks_per_transaction",
                atLeast(source.maxLocksPerTransaction(), SMALLEST.maxLocksPerTransaction()));
        all.put("wal_level", "replica");
        all.put("shared_buffers", "128MB");
        all.put("huge_pages", "off");
        all.put("maintenance_work_mem", "128MB");
        all.put("max_wal_size", "1GB");
        all.put("fsync", "off");
        all.put("full_page_writes", "off");
        all.put("ignore_checksum_failure", "off");
        all.put("zero_damaged_pages", "off");
        all.put("ignore_invalid_pages", "off");
        return all;
    }

    private static String atLeast(int source, int smallest) {
        return String.valueOf(Math.max(source, smallest));
    }

    /** One role, one way in; who may reach the socket's folder is the file system's word. */
    String hba() {
        return "local all \"" + superuser.replace("\"", "\"\"") + "\" trust\n";
    }
}
