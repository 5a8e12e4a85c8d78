package dev.nightshift.backup;

import jakarta.enterprise.context.ApplicationScoped;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;

/** When archives were held against their stores, within the transaction whose connection is passed. */
@ApplicationScoped
class ListedLogRepository {
    /** An archive that this node is to list now. */
    record Due(UUID instance, WalRepository.Archive archive) {}

    /** Archives of a store that were not listed for six hours, at most so many at once; of two nodes one gets each. */
    List<Due> claim(Connection connection, String store) throws SQLException {
        try (var update = connection.prepareStatement("""
                update backup.wal_archive a set listed_at = now()
                 where a.id in (select d.id from backup.wal_archive d
                                  join fleet.instance i on i.id = d.instance_id and i.deleted_at is null
                                 where d.store = ? and (d.listed_at is null or d.listed_at < now() - interval '6 hours')
                                 order by d.listed_at nulls first limit 100
                                   for update of d skip locked)
                returning a.id, a.instance_id, a.system_identifier, a.segment_bytes, a.store, a.location, a.ended_because
                """)) {
            update.setString(1, store);
            List<Due> due = new ArrayList<>();
            try (var rows = update.executeQuery()) {
                while (rows.next()) {
                    due.add(new Due(
                            rows.getObject(2, UUID.class),
                            new WalRepository.Archive(
                                    rows.getObject(1, UUID.class),
                                    rows.getString(3),
                                    rows.getInt(4),
                                    rows.getString(5),
                                    rows.getString(6),
                                    rows.getString(7))));
                }
            }
            return due;
        }
    }

    /** It is due in an hour. */
    void soon(Connection connection, UUID archive) throws SQLException {
        try (var update = connection.prepareStatement(
                "update backup.wal_archive set listed_at = now() - interval '5 hours' where id = ?")) {
            update.setObject(1, archive);
            update.executeUpdate();
        }
    }
}
