package dev.nightshift.job;

import java.sql.Connection;
import java.sql.SQLException;
import java.util.List;
import java.util.UUID;

/** A feature that still shows what a run did, as backup does: such a run is kept, however old. */
public interface RunHolder {
    /** The runs of the transaction's project that are held. */
    List<UUID> runs(Connection connection) throws SQLException;
}
