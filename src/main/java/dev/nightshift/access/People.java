package dev.nightshift.access;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.sql.Connection;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.time.Instant;
import java.time.ZoneOffset;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/** The people who may log in. A person is disabled, never deleted: the audit log speaks of them. */
@ApplicationScoped
class People {
    private static final Pattern NAME = Pattern.compile("[a-z][a-z0-9._-]{0,62}");

    private static final String SELECT =
            "select id, name, display_name, password_hash, installation_admin, disabled, created_at, last_login, issuer,"
                    + " subject, admin_by_groups from access.person";

    @Inject
    private Transactions transactions;

    @Inject
    private Clock clock;

    /**
     * One who may log in, or could before being disabled.
     *
     * @param passwordHash null for who comes by OpenID Connect
     * @param issuer the OpenID provider's; null for who has a password
     * @param adminByGroups the provider's groups made them an installation admin
     */
    record Person(
            UUID id,
            String name,
            String displayName,
            @Nullable String passwordHash,
            boolean installationAdmin,
            boolean disabled,
            Instant createdAt,
            @Nullable Instant lastLogin,
            @Nullable String issuer,
            @Nullable String subject,
            boolean adminByGroups) {
        boolean openId() {
            return issuer != null;
        }

        @Override
        public String toString() {
            return "Person[" + name + "]";
        }
    }

    List<Person> all() {
        return transactions.installation(connection -> {
            try (var select = connection.prepareStatement(SELECT + " where erased_at is null order by name")) {
                return read(select.executeQuery());
            }
        });
    }

    Optional<Person> find(String name) {
        return transactions.installation(connection -> find(connection, name));
    }

    /** @throws Failure.NotFound if there is nobody of that name */
    Person get(String name) {
        return find(name).orElseThrow(() -> new Failure.NotFound("There is no person \"" + name + "\"."));
    }

    /** Who is known at the provider by that subject. */
    Optional<Person> find(String issuer, String subject) {
        return transactions.installation(connection -> {
            try (var select = connection.prepareStatement(SELECT + " where issuer = ? and subject = ?")) {
                select.setString(1, issuer);
                select.setString(2, subject);
                return read(select.executeQuery()).stream().findFirst();
            }
        });
    }

    static boolean isName(String name) {
        return NAME.matcher(name).matches();
    }

    /** @throws Failure.Conflict if the name is taken */
    void create(String name, String displayName, String passwordHash, boolean installationAdmin) {
        if (!isName(name)) {
            throw new Failure.Invalid(
                    "name",
                    "A login name starts with a lower-case letter and goes on with letters, digits, dots, hyphens and"
                            + " underscores, at most 63 characters.");
        }
        if (transactions.installation(
                        connection -> insert(connection, name, displayName, passwordHash, installationAdmin, false))
                == 0) {
            throw new Failure.Conflict("There is already a person \"" + name + "\".", "Choose another name.");
        }
    }

    /** Whether it was the first: creates the installation's admin if there is nobody yet, on one node only. */
    boolean createFirst(String name, String displayName, String passwordHash) {
        return transactions.installation(connection -> insert(connection, name, displayName, passwordHash, true, true))
                == 1;
    }

    private int insert(
            Connection connection,
            String name,
            String displayName,
            String passwordHash,
            boolean installationAdmin,
            boolean onlyFirst)
            throws SQLException {
        try (var insert = connection.prepareStatement("""
                insert into access.person (id, name, display_name, password_hash, installation_admin, created_at)
                select ?, ?, ?, ?, ?, ? where not ? or not exists (select from access.person)
                on conflict (name) do nothing
                """)) {
            insert.setObject(1, Ids.next(clock));
            insert.setString(2, name);
            insert.setString(3, displayName);
            insert.setString(4, passwordHash);
            insert.setBoolean(5, installationAdmin);
            insert.setObject(6, clock.now().atOffset(ZoneOffset.UTC));
            insert.setBoolean(7, onlyFirst);
            return insert.executeUpdate();
        }
    }

    /** Adds somebody who comes by OpenID Connect; false if the name, or the subject at the issuer, is taken. */
    boolean create(String name, String displayName, String issuer, String subject) {
        return transactions.installation(connection -> {
            try (var insert = connection.prepareStatement("""
                    insert into access.person (id, name, display_name, issuer, subject, created_at)
                    values (?, ?, ?, ?, ?, ?) on conflict do nothing
                    """)) {
                insert.setObject(1, Ids.next(clock));
                insert.setString(2, name);
                insert.setString(3, displayName);
                insert.setString(4, issuer);
                insert.setString(5, subject);
                insert.setObject(6, clock.now().atOffset(ZoneOffset.UTC));
                return insert.executeUpdate() == 1;
            }
        });
    }

    /**
     * From now on the person comes by OpenID Connect alone.
     *
     * @return false if somebody else does under this subject
     */
    boolean link(UUID person, String issuer, String subject) {
        return transactions.installation(connection -> {
            try (var update = connection.prepareStatement(
                    "update access.person set issuer = ?, subject = ?, password_hash = null where id = ? and erased_at is null")) {
                update.setString(1, issuer);
                update.setString(2, subject);
                update.setObject(3, person);
                update.executeUpdate();
                return true;
            } catch (SQLException e) {
                if ("23505".equals(e.getSQLState())) {
                    return false;
                }
                throw e;
            }
        });
    }

    /** What groups gave or took; the provider's word counts, so nobody is asked whether an admin would be left. */
    void adminByGroups(UUID person, boolean admin) {
        transactions.installation(connection -> {
            try (var update = connection.prepareStatement(
                    "update access.person set installation_admin = ?, admin_by_groups = ? where id = ?")) {
                update.setBoolean(1, admin);
                update.setBoolean(2, admin);
                update.setObject(3, person);
                return update.executeUpdate();
            }
        });
    }

    boolean nobody() {
        return transactions.installation(connection -> {
            try (var select = connection.prepareStatement("select from access.person limit 1");
                    ResultSet rows = select.executeQuery()) {
                return !rows.next();
            }
        });
    }

    /** @throws Failure.Conflict if nobody would be left who administers the installation */
    void change(String name, String displayName, boolean installationAdmin, boolean disabled) {
        transactions.installation(connection -> {
            // Two admins who remove one another at the same time must not both succeed
            try (var lock = connection.prepareStatement(
                    "select from access.person where installation_admin order by id for update")) {
                lock.execute();
            }
            try (var update = connection.prepareStatement("""
                    update access.person set display_name = ?, installation_admin = ?, disabled = ?,
                           admin_by_groups = admin_by_groups and ?
                     where name = ?
                    """)) {
                update.setString(1, displayName);
                update.setBoolean(2, installationAdmin);
                update.setBoolean(3, disabled);
                update.setBoolean(4, installationAdmin);
                update.setString(5, name);
                update.executeUpdate();
            }
            try (var select = connection.prepareStatement(
                            "select from access.person where installation_admin and not disabled limit 1");
                    ResultSet rows = select.executeQuery()) {
                if (!rows.next()) {
                    throw new Failure.Conflict(
                            "\"" + name + "\" is the last one who administers this installation.",
                            "Make somebody else an installation admin first.");
                }
            }
            return true;
        });
    }

    void password(UUID person, String passwordHash) {
        transactions.installation(connection -> {
            try (var update = connection.prepareStatement("update access.person set password_hash = ? where id = ?")) {
                update.setString(1, passwordHash);
                update.setObject(2, person);
                return update.executeUpdate();
            }
        });
    }

    /** Nothing is left that names the person or lets them in; see the function in liquibase/access.sql. */
    void erase(UUID person, String pseudonym) {
        transactions.installation(connection -> {
            try (var erase = connection.prepareStatement("select access.erase_person(?, ?)")) {
                erase.setObject(1, person);
                erase.setString(2, pseudonym);
                return erase.execute();
            }
        });
    }

    /**
     * Notes the login; whoever disables or erases the person at this moment waits until it is through, and then ends its
     * session.
     *
     * @return false if the person may not log in any more
     */
    boolean loggedIn(UUID person) {
        return transactions.installation(connection -> {
            try (var update = connection.prepareStatement(
                    "update access.person set last_login = ? where id = ? and not disabled and erased_at is null")) {
                update.setObject(1, clock.now().atOffset(ZoneOffset.UTC));
                update.setObject(2, person);
                return update.executeUpdate() == 1;
            }
        });
    }

    private static Optional<Person> find(Connection connection, String name) throws SQLException {
        try (var select = connection.prepareStatement(SELECT + " where name = ? and erased_at is null")) {
            select.setString(1, name);
            return read(select.executeQuery()).stream().findFirst();
        }
    }

    private static List<Person> read(ResultSet result) throws SQLException {
        try (ResultSet rows = result) {
            List<Person> people = new ArrayList<>();
            while (rows.next()) {
                var lastLogin = rows.getTimestamp(8);
                people.add(new Person(
                        rows.getObject(1, UUID.class),
                        rows.getString(2),
                        rows.getString(3),
                        rows.getString(4),
                        rows.getBoolean(5),
                        rows.getBoolean(6),
                        rows.getTimestamp(7).toInstant(),
                        lastLogin == null ? null : lastLogin.toInstant(),
                        rows.getString(9),
                        rows.getString(10),
                        rows.getBoolean(11)));
            }
            return people;
        }
    }
}
