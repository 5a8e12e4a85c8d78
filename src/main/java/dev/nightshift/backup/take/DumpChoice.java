package dev.nightshift.backup.take;

import dev.nightshift.backup.stored.DumpSelection;
import dev.nightshift.backup.stored.Manifest;
import java.sql.Connection;
import java.sql.SQLException;
import java.util.ArrayList;
import java.util.List;

/** What was chosen of a database, looked up in it: which names there are, what they bring along, and what goes with it. */
public final class DumpChoice {
    private final DumpSelection carried;
    private final String encoding;
    private final byte[] database;

    private DumpChoice(DumpSelection carried, String encoding, byte[] database) {
        this.carried = carried;
        this.encoding = encoding;
        this.database = database;
    }

    /**
     * Looks it up.
     *
     * @param connection with a search_path of pg_catalog alone
     * @throws dev.nightshift.kernel.Failure.Skippable naming what there is not
     */
    public static DumpChoice of(Connection connection, DumpSelection selection) throws SQLException {
        DumpSource source = new DumpSource(connection);
        String encoding = source.encoding();
        source.requireAll(selection, encoding);
        return new DumpChoice(source.withDescendants(selection), encoding, source.text());
    }

    /** The selection with the partitions of its tables. */
    public DumpSelection carried() {
        return carried;
    }

    /** The same with more tables or sequences; of a choice by table. */
    public DumpChoice and(List<DumpSelection.Table> more) {
        List<DumpSelection.Table> tables = new ArrayList<>(carried.tables());
        tables.addAll(more);
        return new DumpChoice(
                new DumpSelection(carried.schemas(), carried.withoutSchemas(), tables, carried.withoutTables()),
                encoding,
                database);
    }

    /** Roles, settings and extensions, as they are kept beside a dump. */
    public byte[] database() {
        return database.clone();
    }

    /**
     * What pg_dump is called with, but for where it logs in and writes to.
     *
     * @param compression from 0, where whoever reads it compresses it, to 9
     * @throws dev.nightshift.kernel.Failure.Skippable if a name cannot be handed over on this machine
     */
    public List<String> arguments(Manifest.Kind kind, String snapshot, int compression) {
        return DumpProgram.arguments(kind, carried, encoding, snapshot, compression);
    }
}
