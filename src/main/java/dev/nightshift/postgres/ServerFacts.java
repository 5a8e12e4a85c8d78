package dev.nightshift.postgres;

import java.util.List;
import org.jspecify.annotations.Nullable;

/**
 * What one session can learn of its server, its role and its database. Null is what the version does not have or the role
 * may not see.
 *
 * @param version as the server counts: 180004
 * @param cipher TLS version and cipher of this session; null for a plain one
 * @param unreadDatabases databases whose size the role may not ask for; they are missing in instanceBytes
 * @param preloaded shared_preload_libraries
 * @param service the managed service whose roles are there; null if none is known by its roles
 */
record ServerFacts(
        int version,
        String versionText,
        @Nullable String systemIdentifier,
        boolean inRecovery,
        @Nullable String cipher,
        @Nullable Long databaseBytes,
        @Nullable Long instanceBytes,
        int unreadDatabases,
        String walLevel,
        int maxWalSenders,
        int usedWalSenders,
        int maxSlots,
        int usedSlots,
        @Nullable Boolean summarizeWal,
        boolean checksums,
        String archiveMode,
        @Nullable String preloaded,
        Extension statStatements,
        Extension amcheck,
        @Nullable String service,
        Role role,
        Tables tables) {

    /** Whether an extension is there: created in this database, or only its files on the server. */
    enum Extension {
        CREATED,
        AVAILABLE,
        MISSING
    }

    /**
     * What the session's role may do.
     *
     * @param readAllData member of pg_read_all_data; null before 14, where there is none
     * @param maintainAll member of pg_maintain; null before 17
     */
    record Role(
            String name,
            String database,
            boolean superuser,
            boolean replication,
            boolean bypassRls,
            boolean monitor,
            @Nullable Boolean readAllData,
            @Nullable Boolean maintainAll,
            boolean createRestorePoint,
            boolean switchWal) {}

    /**
     * The tables of this database as the role sees them.
     *
     * @param notMaintained how many it may not vacuum
     * @param owners of those, quoted
     * @param superuserOwned whether one of those owners is a superuser
     * @param withRowSecurity how many have row level security
     */
    record Tables(int all, int notMaintained, List<String> owners, boolean superuserOwned, int withRowSecurity) {
        Tables {
            owners = List.copyOf(owners);
        }
    }

    int major() {
        return version / 10_000;
    }
}
