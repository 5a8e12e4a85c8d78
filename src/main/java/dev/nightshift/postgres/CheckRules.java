package dev.nightshift.postgres;

import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Identifier;
import dev.nightshift.postgres.CheckReport.Item;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the facts of a server mean for Nightshift's work, and what to do about each that is not as it should be. */
final class CheckRules {
    private static final int OLDEST = 13;
    private static final int NEWEST = 18;

    /** BASE_BACKUP's stream got its present form in 15. */
    static final int PHYSICAL_BACKUP = 15;

    /** One for the base backup, one that streams its WAL. */
    private static final int WAL_SENDERS = 2;

    private final ServerFacts facts;
    private final ServerFacts.Role role;
    private final String grantee;
    private final List<Item> items = new ArrayList<>();

    private CheckRules(ServerFacts facts) {
        this.facts = facts;
        this.role = facts.role();
        this.grantee = new Identifier(role.name()).quoted();
    }

    /** The entries after the login; those for the replication connection come from {@link ConnectionCheck}. */
    static List<Item> items(ServerFacts facts) {
        CheckRules rules = new CheckRules(facts);
        rules.server();
        rules.replication();
        rules.privileges();
        rules.extras();
        return List.copyOf(rules.items);
    }

    private void server() {
        int major = facts.major();
        String text = facts.versionText();
        if (major < OLDEST) {
            items.add(Item.failed(
                    "version", "Server version", text, "Upgrade the server: Nightshift works with 13 to 18."));
        } else if (major > NEWEST) {
            items.add(Item.warning(
                    "version", "Server version", text, "Newer than the versions Nightshift was tried with, 13 to 18."));
        } else {
            items.add(Item.ok("version", "Server version", text));
        }
        if (facts.service() != null && !mayReplicate()) {
            items.add(Item.warning(
                    "physicalBackup",
                    "Physical backup",
                    "not possible: this looks like " + facts.service()
                            + ", by its roles, and such a service lets nobody stream base backups or WAL",
                    "Use logical backups: the parameter kind=logical of the job backup."));
        } else if (major < PHYSICAL_BACKUP) {
            items.add(Item.warning(
                    "physicalBackup",
                    "Physical backup",
                    "not possible with PostgreSQL " + major + ": its base backups come in an older form",
                    "Upgrade the server to 15 or newer, or use logical backups."));
        } else {
            items.add(Item.ok("physicalBackup", "Physical backup", "possible with PostgreSQL " + major));
        }
        items.add(
                facts.inRecovery()
                        ? Item.warning(
                                "recovery",
                                "Primary or standby",
                                "standby, in recovery: it can be read and backed up, not vacuumed",
                                "Register the primary for vacuum and for proofs at a named restore point.")
                        : Item.ok("recovery", "Primary or standby", "primary"));
        String identifier = facts.systemIdentifier();
        items.add(
                identifier == null
                        ? Item.notMeasured("systemIdentifier", "System identifier", "the role may not read it")
                        : Item.ok("systemIdentifier", "System identifier", identifier));
        items.add(size());
    }

    private Item size() {
        Long own = facts.databaseBytes();
        Long all = facts.instanceBytes();
        if (own == null || all == null) {
            return Item.notMeasured("size", "Size", "it was not told within the deadline");
        }
        String unread = facts.unreadDatabases() == 0
                ? ""
                : ", without " + facts.unreadDatabases() + " that this role may not ask for";
        return Item.ok("size", "Size", new Bytes(own) + "; all databases of the instance " + new Bytes(all) + unread);
    }

    private void replication() {
        switch (facts.walLevel()) {
            case "logical" -> items.add(Item.ok("walLevel", "wal_level", "logical"));
            case "replica" ->
                items.add(Item.ok(
                        "walLevel",
                        "wal_level",
                        "replica: enough for backups; exact matching of rows (L4) needs logical"));
            default ->
                items.add(
                        Item.warning(
                                "walLevel",
                                "wal_level",
                                facts.walLevel() + ": no backup is possible",
                                "ALTER SYSTEM SET wal_level = 'replica'; and restart the server (logical for proofs of level L4)."));
        }
        int senders = facts.maxWalSenders() - facts.usedWalSenders();
        items.add(free("walSenders", "WAL senders", senders, WAL_SENDERS, facts.maxWalSenders(), "max_wal_senders"));
        int slots = facts.maxSlots() - facts.usedSlots();
        items.add(free("replicationSlots", "Replication slots", slots, 1, facts.maxSlots(), "max_replication_slots"));
        String label = "Replication privilege (backup)";
        items.add(
                facts.service() != null && !mayReplicate()
                        ? Item.notMeasured("replication", label, "of no use at " + facts.service())
                        : privilege(
                                "replication",
                                label,
                                mayReplicate(),
                                "ALTER ROLE " + grantee + " REPLICATION;",
                                "the role may not stream backups or WAL"));
    }

    private boolean mayReplicate() {
        return role.superuser() || role.replication();
    }

    private static Item free(String item, String label, int free, int needed, int max, String setting) {
        String found = free + " of " + max + " free";
        return free >= needed
                ? Item.ok(item, label, found)
                : Item.warning(
                        item,
                        label,
                        found + ", a backup needs " + needed,
                        "ALTER SYSTEM SET " + setting + " = " + (max + needed - Math.max(0, free))
                                + "; and restart the server.");
    }

    private void privileges() {
        String database = new Identifier(role.database()).quoted();
        items.add(privilege(
                "privilege.pg_monitor",
                "pg_monitor (monitoring)",
                role.monitor(),
                "GRANT pg_monitor TO " + grantee + ";",
                "the role sees only its own sessions and statements"));
        items.add(privilege(
                "privilege.pg_create_restore_point",
                "pg_create_restore_point (proof)",
                role.createRestorePoint(),
                "In database " + database + ": GRANT EXECUTE ON FUNCTION pg_catalog.pg_create_restore_point(text) TO "
                        + grantee + ";",
                "the role may not mark a position in the WAL"));
        items.add(privilege(
                "privilege.pg_switch_wal",
                "pg_switch_wal (proof)",
                role.switchWal(),
                "In database " + database + ": GRANT EXECUTE ON FUNCTION pg_catalog.pg_switch_wal() TO " + grantee
                        + ";",
                "the role may not end a WAL segment"));
        items.add(maintain(database));
        items.add(readAllData());
        items.add(bypassRls());
    }

    private Item maintain(String database) {
        String item = "privilege.maintain";
        String label = facts.major() >= 17 ? "pg_maintain (vacuum)" : "Ownership (vacuum)";
        ServerFacts.Tables tables = facts.tables();
        if (tables.notMaintained() == 0) {
            return Item.ok(item, label, "the role may vacuum all " + tables.all() + " tables");
        }
        String found = "the role may not vacuum " + tables.notMaintained() + " of " + tables.all() + " tables";
        return Item.warning(item, label, found, maintainRemedy(facts.major(), grantee, database, tables));
    }

    /** Ownership is all that counts before 17; becoming a member of a superuser would give far more than that. */
    private static String maintainRemedy(int major, String grantee, String database, ServerFacts.Tables tables) {
        if (major >= 17) {
            return "GRANT pg_maintain TO " + grantee + ";";
        }
        return tables.superuserOwned()
                ? "A superuser owns some of them, so make the role the owner of the database: ALTER DATABASE "
                        + database + " OWNER TO " + grantee + ";"
                : "GRANT " + String.join(", ", tables.owners()) + " TO " + grantee + ";";
    }

    private Item readAllData() {
        String item = "privilege.pg_read_all_data";
        String label = "pg_read_all_data (evidence of rows)";
        Boolean member = role.readAllData();
        if (member == null) {
            return Item.notMeasured(item, label, "PostgreSQL " + facts.major() + " has no such role");
        }
        return privilege(
                item, label, member, "GRANT pg_read_all_data TO " + grantee + ";", "the role may not read every table");
    }

    private Item bypassRls() {
        String item = "privilege.bypassrls";
        String label = "BYPASSRLS (evidence of rows)";
        if (role.superuser() || role.bypassRls()) {
            return Item.ok(item, label, "granted");
        }
        int tables = facts.tables().withRowSecurity();
        return tables == 0
                ? Item.ok(item, label, "not granted, and no table here has row level security")
                : Item.warning(
                        item,
                        label,
                        tables + " tables have row level security, and the role would see only a part of them",
                        "ALTER ROLE " + grantee + " BYPASSRLS;");
    }

    private static Item privilege(String item, String label, boolean granted, String remedy, String without) {
        return granted ? Item.ok(item, label, "granted") : Item.warning(item, label, without, remedy);
    }

    private void extras() {
        Boolean summarize = facts.summarizeWal();
        if (summarize == null) {
            items.add(Item.notMeasured(
                    "summarizeWal", "summarize_wal", "PostgreSQL " + facts.major() + " has no incremental backups"));
        } else {
            items.add(
                    summarize
                            ? Item.ok("summarizeWal", "summarize_wal", "on: incremental backups are possible")
                            : Item.warning(
                                    "summarizeWal",
                                    "summarize_wal",
                                    "off: only full backups are possible",
                                    "ALTER SYSTEM SET summarize_wal = on; SELECT pg_reload_conf();"));
        }
        items.add(
                facts.checksums()
                        ? Item.ok("checksums", "Data checksums", "on")
                        : Item.warning(
                                "checksums",
                                "Data checksums",
                                "off: a damaged page is not noticed",
                                "Stop the server and run pg_checksums --enable on its data folder."));
        items.add(statStatements());
        items.add(
                switch (facts.amcheck()) {
                    case CREATED -> Item.ok("amcheck", "amcheck", "created in this database");
                    case AVAILABLE -> Item.ok("amcheck", "amcheck", "available; proofs create it in their sandbox");
                    case MISSING ->
                        Item.warning(
                                "amcheck",
                                "amcheck",
                                "its files are not on the server",
                                "Install the server's contrib package (postgresql-contrib).");
                });
        items.add(Item.ok("archiveMode", "archive_mode", facts.archiveMode()));
    }

    private Item statStatements() {
        @Nullable String preloaded = facts.preloaded();
        boolean loaded = preloaded == null || preloaded.contains("pg_stat_statements");
        return switch (facts.statStatements()) {
            case CREATED ->
                loaded
                        ? Item.ok("pgStatStatements", "pg_stat_statements", "created in this database")
                        : Item.warning(
                                "pgStatStatements",
                                "pg_stat_statements",
                                "created, but its library is not loaded",
                                "Add pg_stat_statements to shared_preload_libraries and restart the server.");
            case AVAILABLE ->
                Item.warning(
                        "pgStatStatements",
                        "pg_stat_statements",
                        "available, not created: no figures per statement",
                        "Add pg_stat_statements to shared_preload_libraries, restart, and CREATE EXTENSION"
                                + " pg_stat_statements; in this database.");
            case MISSING ->
                Item.warning(
                        "pgStatStatements",
                        "pg_stat_statements",
                        "its files are not on the server",
                        "Install the server's contrib package (postgresql-contrib).");
        };
    }
}
