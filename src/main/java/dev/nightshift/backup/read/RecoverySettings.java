package dev.nightshift.backup.read;

import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** What makes a server recover to a target, as lines of postgresql.auto.conf and as parameters. */
public final class RecoverySettings {
    private static final DateTimeFormatter TIME =
            DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss.SSSSSSxxx").withZone(ZoneOffset.UTC);

    private static final List<String> TARGETS = List.of(
            "recovery_target",
            "recovery_target_name",
            "recovery_target_time",
            "recovery_target_xid",
            "recovery_target_lsn");

    private RecoverySettings() {}

    /** The parameter of a target and its value. */
    public static Map.Entry<String, String> target(RecoveryTarget.Point point) {
        if (point instanceof RecoveryTarget.Time time) {
            return Map.entry("recovery_target_time", TIME.format(time.at()));
        }
        if (point instanceof RecoveryTarget.Position position) {
            return Map.entry("recovery_target_lsn", position.at().toString());
        }
        if (point instanceof RecoveryTarget.Transaction transaction) {
            return Map.entry("recovery_target_xid", Integer.toUnsignedString(transaction.xid()));
        }
        if (point instanceof RecoveryTarget.Named named) {
            return Map.entry("recovery_target_name", named.name());
        }
        throw new IllegalArgumentException("The end of the log is given to a server as a position.");
    }

    /**
     * Everything that is needed lies in pg_wal: the server asks for nothing else, stops at the target and is then a server of
     * its own. The targets that are not meant come first, since of what stands twice the last counts, and the source may
     * have been recovered to one of them.
     */
    static String of(RecoveryTarget.Point point, int timeline, int timelineOfTheBackup) {
        Map<String, String> settings = new LinkedHashMap<>();
        Map.Entry<String, String> target = target(point);
        TARGETS.stream().filter(name -> !name.equals(target.getKey())).forEach(name -> settings.put(name, ""));
        settings.put(target.getKey(), target.getValue());
        settings.put("recovery_target_inclusive", "on");
        settings.put("recovery_target_action", "promote");
        // A number is looked up in a history file, which the backup's own timeline need not have
        settings.put(
                "recovery_target_timeline", timeline == timelineOfTheBackup ? "current" : String.valueOf(timeline));
        settings.put("recovery_min_apply_delay", "0");
        // A hot standby pauses for ever where the log raises a setting of the source beyond this server's
        settings.put("hot_standby", "off");
        settings.put("restore_command", "false");
        settings.put("archive_cleanup_command", "");
        settings.put("recovery_end_command", "");
        StringBuilder text = new StringBuilder(
                "# Recovery to a point, by the log in pg_wal: of no use once it is done. Take these lines away too"
                        + " before a standby is made of this server.\n");
        settings.forEach((name, value) -> text.append(name)
                .append(" = ")
                .append(ServerConfiguration.quoted(value))
                .append('\n'));
        return text.toString();
    }
}
