package dev.nightshift.backup.deletion;

import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.io.StringReader;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Timestamp;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Requests for deletion and the switch, within the transaction whose connection is passed. */
@ApplicationScoped
class DeletionRequestRepository {
    private static final String SELECT = """
        select id, kind, asked::text, why, asked_by, asked_with, asked_person, asked_at, until, shown::text, state, decided_by,
               decided_at, note
          from backup.deletion_request
        """;

    /** Who had two people delete, and since when. */
    record Switch(String by, Instant at) {}

    Optional<Switch> on(Connection connection, ProjectId project) throws SQLException {
        try (var query = connection.prepareStatement(
                "select switched_by, switched_at from backup.two_person where project_id = ?")) {
            query.setObject(1, project.value());
            try (ResultSet row = query.executeQuery()) {
                return row.next()
                        ? Optional.of(
                                new Switch(row.getString(1), row.getTimestamp(2).toInstant()))
                        : Optional.empty();
            }
        }
    }

    /** False if it is on already. */
    boolean switchOn(Connection connection, ProjectId project, String by, Instant at) throws SQLException {
        try (var insert = connection.prepareStatement("""
            insert into backup.two_person (project_id, switched_by, switched_at) values (?, ?, ?)
            on conflict (project_id) do nothing
            """)) {
            insert.setObject(1, project.value());
            insert.setString(2, by);
            insert.setTimestamp(3, Timestamp.from(at));
            return insert.executeUpdate() == 1;
        }
    }

    void switchOff(Connection connection, ProjectId project) throws SQLException {
        try (var delete = connection.prepareStatement("delete from backup.two_person where project_id = ?")) {
            delete.setObject(1, project.value());
            delete.executeUpdate();
        }
    }

    /** Whoever asks next waits for the transaction's end, so that the bound on their number holds. */
    void lock(Connection connection, ProjectId project) throws SQLException {
        try (var lock = connection.prepareStatement("select from backup.two_person where project_id = ? for update")) {
            lock.setObject(1, project.value());
            lock.execute();
        }
    }

    void insert(Connection connection, ProjectId project, DeletionRequest request) throws SQLException {
        try (var insert = connection.prepareStatement("""
            insert into backup.deletion_request
              (id, project_id, kind, title, asked, why, asked_by, asked_with, asked_person, asked_at, until, shown)
            values (?, ?, ?, ?, ?::jsonb, ?, ?, ?, ?, ?, ?, ?::jsonb)
            """)) {
            insert.setObject(1, request.id());
            insert.setObject(2, project.value());
            insert.setString(3, request.kind());
            insert.setString(4, request.shown().title());
            insert.setString(5, request.asked().toString());
            insert.setString(6, request.why());
            insert.setString(7, request.askedBy());
            insert.setString(8, request.askedWith());
            insert.setObject(9, request.askedPerson());
            insert.setTimestamp(10, Timestamp.from(request.askedAt()));
            insert.setTimestamp(11, Timestamp.from(request.until()));
            insert.setString(12, request.shown().json().toString());
            insert.executeUpdate();
        }
    }

    Optional<DeletionRequest> find(Connection connection, UUID id) throws SQLException {
        try (var query = connection.prepareStatement(SELECT + " where id = ?")) {
            query.setObject(1, id);
            return read(query).stream().findFirst();
        }
    }

    /** The newest first; those that wait alone, or all. */
    List<DeletionRequest> list(Connection connection, boolean waiting, @Nullable UUID after, int most)
            throws SQLException {
        try (var query = connection.prepareStatement(SELECT
                + " where (not ? or state = 'WAITING') and (?::uuid is null or id < ?::uuid) order by id desc"
                + " limit ?")) {
            query.setBoolean(1, waiting);
            query.setObject(2, after);
            query.setObject(3, after);
            query.setInt(4, most);
            return read(query);
        }
    }

    /** False if it does not wait any more, whoever decided it. */
    boolean decide(
            Connection connection,
            UUID id,
            DeletionRequest.State state,
            @Nullable String by,
            @Nullable UUID person,
            Instant at,
            @Nullable String note)
            throws SQLException {
        try (var update = connection.prepareStatement("""
            update backup.deletion_request
               set state = ?, decided_by = ?, decided_person = ?, decided_at = ?, note = ?
             where id = ? and state = 'WAITING'
            """)) {
            update.setString(1, state.name());
            update.setString(2, by);
            update.setObject(3, person);
            update.setTimestamp(4, Timestamp.from(at));
            update.setString(5, note);
            update.setObject(6, id);
            return update.executeUpdate() == 1;
        }
    }

    private static List<DeletionRequest> read(PreparedStatement query) throws SQLException {
        List<DeletionRequest> requests = new ArrayList<>();
        try (ResultSet rows = query.executeQuery()) {
            while (rows.next()) {
                Timestamp decided = rows.getTimestamp(13);
                requests.add(new DeletionRequest(
                        rows.getObject(1, UUID.class),
                        rows.getString(2),
                        json(rows.getString(3)),
                        rows.getString(4),
                        rows.getString(5),
                        rows.getString(6),
                        rows.getObject(7, UUID.class),
                        rows.getTimestamp(8).toInstant(),
                        rows.getTimestamp(9).toInstant(),
                        Consequences.of(json(rows.getString(10))),
                        DeletionRequest.State.valueOf(rows.getString(11)),
                        rows.getString(12),
                        decided == null ? null : decided.toInstant(),
                        rows.getString(14)));
            }
        }
        return requests;
    }

    private static JsonObject json(String text) {
        try (var reader = Json.createReader(new StringReader(text))) {
            return reader.readObject();
        }
    }
}
