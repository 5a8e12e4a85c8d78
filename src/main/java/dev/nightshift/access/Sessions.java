package dev.nightshift.access;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Ids;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Duration;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** People's logins in browsers. The cookie holds a random value; the table holds its hash, so a copy of it opens nothing. */
@ApplicationScoped
public class Sessions {
    /** Without a request for this long a session ends: a working day, so that a night's watch is not cut short. */
    static final Duration IDLE = Duration.ofHours(12);

    /** However busy it is, a session ends this long after its login. */
    static final Duration LONGEST = Duration.ofDays(7);

    /** A session's end is moved no more often than this, to spare one write per request. */
    static final Duration SLIDE = Duration.ofMinutes(1);

    private static final int LONGEST_AGENT = 300;

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    /** When a session that is used now ends. */
    static Instant end(Instant created, Instant used) {
        Instant idle = used.plus(IDLE);
        Instant longest = created.plus(LONGEST);
        return idle.isBefore(longest) ? idle : longest;
    }

    /**
     * A session, without what would open it.
     *
     * @param person the login name
     * @param agent what the browser called itself at the login
     */
    record Session(
            UUID id,
            String person,
            String address,
            @Nullable String agent,
            Instant createdAt,
            Instant lastSeen,
            Instant expiresAt) {}

    /** Those that are open, the one used last first: of one person, or of everybody for null. */
    List<Session> open(@Nullable UUID person, int most) {
        return transactions.installation(connection -> {
            try (var select = connection.prepareStatement("""
                    select s.id, p.name, s.address, s.agent, s.created_at, s.last_seen, s.expires_at
                      from access.session s join access.person p on p.id = s.person_id
                     where s.expires_at > ? and not p.disabled and (?::uuid is null or p.id = ?)
                     order by s.last_seen desc, s.id limit ?
                    """)) {
                select.setObject(1, clock.now().atOffset(ZoneOffset.UTC));
                select.setObject(2, person);
                select.setObject(3, person);
                select.setInt(4, most);
                try (ResultSet rows = select.executeQuery()) {
                    List<Session> sessions = new ArrayList<>();
                    while (rows.next()) {
                        sessions.add(new Session(
                                rows.getObject(1, UUID.class),
                                rows.getString(2),
                                rows.getString(3),
                                rows.getString(4),
                                rows.getTimestamp(5).toInstant(),
                                rows.getTimestamp(6).toInstant(),
                                rows.getTimestamp(7).toInstant()));
                    }
                    return sessions;
                }
            }
        });
    }

    /** Whose session the cookie's value opens; empty if none, it ended, or the person is disabled. */
    public Optional<Identity> find(String cookie) {
        byte[] hash = new Secret(cookie).hash();
        Instant now = clock.now();
        return transactions.installation(connection -> {
            try (var select = connection.prepareStatement("""
                    select s.id, s.created_at, s.last_seen, p.id, p.name, p.installation_admin
                      from access.session s join access.person p on p.id = s.person_id
                     where s.token_hash = ? and s.expires_at > ? and not p.disabled
                    """)) {
                select.setBytes(1, hash);
                select.setObject(2, now.atOffset(ZoneOffset.UTC));
                try (ResultSet rows = select.executeQuery()) {
                    if (!rows.next()) {
                        return Optional.empty();
                    }
                    Instant created = rows.getTimestamp(2).toInstant();
                    if (rows.getTimestamp(3).toInstant().plus(SLIDE).isBefore(now)) {
                        slide(connection, hash, now, end(created, now));
                    }
                    return Optional.of(new Identity(
                            rows.getObject(4, UUID.class),
                            rows.getString(5),
                            Caller.Kind.PERSON,
                            rows.getBoolean(6),
                            null,
                            null,
                            rows.getObject(1, UUID.class)));
                }
            }
        });
    }

    /** The same by the session's id, and without making it last longer: a page left open is no use of it. */
    public Optional<Identity> find(UUID session) {
        Instant now = clock.now();
        return transactions.installation(connection -> {
            try (var select = connection.prepareStatement("""
                    select p.id, p.name, p.installation_admin
                      from access.session s join access.person p on p.id = s.person_id
                     where s.id = ? and s.expires_at > ? and not p.disabled
                    """)) {
                select.setObject(1, session);
                select.setObject(2, now.atOffset(ZoneOffset.UTC));
                try (ResultSet rows = select.executeQuery()) {
                    return rows.next()
                            ? Optional.of(new Identity(
                                    rows.getObject(1, UUID.class),
                                    rows.getString(2),
                                    Caller.Kind.PERSON,
                                    rows.getBoolean(3),
                                    null,
                                    null,
                                    session))
                            : Optional.empty();
                }
            }
        });
    }

    /** The session's value in a Cookie header, where no container has parsed it. */
    public static Optional<String> cookie(@Nullable String header) {
        return header == null
                ? Optional.empty()
                : Arrays.stream(header.split(";"))
                        .map(String::strip)
                        .filter(cookie -> cookie.startsWith(Authentication.COOKIE + "="))
                        .map(cookie -> cookie.substring(Authentication.COOKIE.length() + 1))
                        .findFirst();
    }

    private static void slide(Connection connection, byte[] hash, Instant now, Instant end) throws SQLException {
        try (var update = connection.prepareStatement(
                "update access.session set last_seen = ?, expires_at = ? where token_hash = ?")) {
            update.setObject(1, now.atOffset(ZoneOffset.UTC));
            update.setObject(2, end.atOffset(ZoneOffset.UTC));
            update.setBytes(3, hash);
            update.execute();
        }
    }

    /** Opens a session and returns the cookie's value, which nobody can learn again. */
    Secret open(UUID person, String address, @Nullable String agent) {
        Secret secret = Secret.random("");
        Instant now = clock.now();
        transactions.installation(connection -> {
            try (var purge = connection.prepareStatement("delete from access.session where expires_at < ?")) {
                purge.setObject(1, now.atOffset(ZoneOffset.UTC));
                purge.execute();
            }
            try (var insert = connection.prepareStatement("""
                    insert into access.session
                      (token_hash, id, person_id, address, created_at, last_seen, expires_at, agent)
                    values (?, ?, ?, ?, ?, ?, ?, ?)
                    """)) {
                insert.setBytes(1, secret.hash());
                insert.setObject(2, Ids.next(clock));
                insert.setObject(3, person);
                insert.setString(4, address);
                insert.setObject(5, now.atOffset(ZoneOffset.UTC));
                insert.setObject(6, now.atOffset(ZoneOffset.UTC));
                insert.setObject(7, end(now, now).atOffset(ZoneOffset.UTC));
                insert.setString(8, agent == null ? null : agent.substring(0, Math.min(agent.length(), LONGEST_AGENT)));
                return insert.executeUpdate();
            }
        });
        return secret;
    }

    /** Whose it was; empty if there is no such session, or it is not this person's, where one is named. */
    Optional<String> close(UUID session, @Nullable UUID person) {
        return transactions.installation(connection -> {
            try (var delete = connection.prepareStatement("""
                    delete from access.session s using access.person p
                     where p.id = s.person_id and s.id = ? and (?::uuid is null or p.id = ?) returning p.name
                    """)) {
                delete.setObject(1, session);
                delete.setObject(2, person);
                delete.setObject(3, person);
                try (ResultSet rows = delete.executeQuery()) {
                    return rows.next() ? Optional.of(rows.getString(1)) : Optional.empty();
                }
            }
        });
    }

    /** Ends all of a person's sessions, save perhaps the one that asks for it; how many they were. */
    int closeAll(UUID person, @Nullable UUID spared) {
        return transactions.installation(connection -> {
            try (var delete = connection.prepareStatement(
                    "delete from access.session where person_id = ? and id is distinct from ?::uuid")) {
                delete.setObject(1, person);
                delete.setObject(2, spared);
                return delete.executeUpdate();
            }
        });
    }
}
