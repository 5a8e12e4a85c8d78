package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Identifier;
import jakarta.json.Json;
import jakarta.json.JsonException;
import jakarta.json.JsonObject;
import jakarta.json.JsonString;
import jakarta.json.JsonValue;
import java.io.ByteArrayInputStream;
import java.util.ArrayList;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What was saved beside a dump: roles, settings, extensions and the database's own properties. Holds no password. */
public final class SavedDatabase {
    private final JsonObject json;

    private SavedDatabase(JsonObject json) {
        this.json = json;
    }

    /**
     * Reads it.
     *
     * @throws Failure.Fatal if it cannot be read
     */
    public static SavedDatabase of(BackupReader reader) {
        byte[] text = reader.settings(Manifest.Dump.ROLES);
        if (text == null) {
            throw damaged("it is missing", null);
        }
        return of(text);
    }

    /** The same of what was not stored yet. */
    public static SavedDatabase of(byte[] text) {
        try (var json = Json.createReader(new ByteArrayInputStream(text))) {
            SavedDatabase saved = new SavedDatabase(json.readObject());
            saved.roles();
            saved.memberships();
            saved.extensions();
            return saved;
        } catch (JsonException | ClassCastException | NullPointerException e) {
            throw damaged(String.valueOf(e.getMessage()), e);
        }
    }

    private static Failure.Fatal damaged(String why, @Nullable Throwable cause) {
        return new Failure.Fatal(
                "The saved file settings/" + Manifest.Dump.ROLES + " cannot be used: " + why + ".", null, cause);
    }

    /** A role as it was. */
    public record Role(
            String name,
            boolean superuser,
            boolean inherit,
            boolean createRole,
            boolean createDatabase,
            boolean login,
            boolean replication,
            boolean bypassRowSecurity,
            int connectionLimit) {
        /**
         * The statement that creates it, without a password.
         *
         * @param whole false to leave out what lets a role do more than its own objects and grants say, and let it not log in:
         *     by the server's rules it may not need a password
         */
        public String create(boolean whole) {
            StringBuilder sql = new StringBuilder("create role " + new Identifier(name).quoted());
            sql.append(whole && login ? " login" : " nologin").append(inherit ? " inherit" : " noinherit");
            sql.append(" connection limit ").append(connectionLimit);
            if (whole) {
                sql.append(superuser ? " superuser" : "")
                        .append(createRole ? " createrole" : "")
                        .append(createDatabase ? " createdb" : "")
                        .append(replication ? " replication" : "")
                        .append(bypassRowSecurity ? " bypassrls" : "");
            }
            return sql.toString();
        }

        /** Whether {@link #create} leaves something out. */
        public boolean powerful() {
            return superuser || createRole || createDatabase || replication || bypassRowSecurity;
        }
    }

    /** That one role is a member of another. */
    public record Membership(String role, String member) {
        /** The statement that makes it one. */
        public String grant() {
            return "grant " + new Identifier(role).quoted() + " to " + new Identifier(member).quoted();
        }
    }

    /** An extension that the dump creates. */
    public record Extension(String name, String version) {}

    /** Those that own something in the database, have or gave privileges, or are needed by such. */
    public List<Role> roles() {
        List<Role> roles = new ArrayList<>();
        for (JsonObject each : json.getJsonArray("roles").getValuesAs(JsonObject.class)) {
            roles.add(new Role(
                    each.getString("name"),
                    each.getBoolean("superuser"),
                    each.getBoolean("inherit"),
                    each.getBoolean("createRole"),
                    each.getBoolean("createDatabase"),
                    each.getBoolean("login"),
                    each.getBoolean("replication"),
                    each.getBoolean("bypassRowSecurity"),
                    each.getInt("connectionLimit")));
        }
        return roles;
    }

    public List<Membership> memberships() {
        return json.getJsonArray("memberships").getValuesAs(JsonObject.class).stream()
                .map(each -> new Membership(each.getString("role"), each.getString("member")))
                .distinct()
                .toList();
    }

    public List<Extension> extensions() {
        return json.getJsonArray("extensions").getValuesAs(JsonObject.class).stream()
                .map(each -> new Extension(each.getString("name"), each.getString("version")))
                .toList();
    }

    /**
     * The statement that creates an empty database of this encoding and locale.
     *
     * @param name of the new one
     * @param owner null for whoever creates it
     * @param major of the server that is to create it
     */
    public String create(String name, @Nullable String owner, int major) {
        JsonObject database = json.getJsonObject("database");
        StringBuilder sql =
                new StringBuilder("create database " + new Identifier(name).quoted() + " template template0");
        if (owner != null) {
            sql.append(" owner ").append(new Identifier(owner).quoted());
        }
        sql.append(" encoding ").append(literal(database.getString("encoding")));
        String provider = database.getString("provider");
        String locale = database.getString("locale", null);
        sql.append(" lc_collate ").append(literal(database.getString("collate")));
        sql.append(" lc_ctype ").append(literal(database.getString("ctype")));
        if (provider.equals("i") && locale != null) {
            sql.append(" locale_provider icu icu_locale ").append(literal(locale));
        } else if (provider.equals("b") && locale != null && major >= 17) {
            sql.append(" locale_provider builtin builtin_locale ").append(literal(locale));
        } else if (major >= 15) {
            sql.append(" locale_provider libc");
        }
        return sql.toString();
    }

    /** The same under the locale C, where the server's machine lacks the other one. */
    public String createPlain(String name, String owner) {
        return "create database " + new Identifier(name).quoted() + " template template0 owner "
                + new Identifier(owner).quoted() + " encoding "
                + literal(json.getJsonObject("database").getString("encoding")) + " lc_collate 'C' lc_ctype 'C'";
    }

    /** How many subscriptions the database had: each would take over the slot of the one that it is a copy of. */
    public int subscriptions() {
        return json.getInt("subscriptions", 0);
    }

    /** How many settings the database and its roles in it had; they are kept for people to read, and none is set again. */
    public int settings() {
        return json.getJsonArray("settings").getValuesAs(JsonObject.class).stream()
                .mapToInt(each -> each.getJsonArray("settings").size())
                .sum();
    }

    private static String literal(String value) {
        String doubled = value.replace("'", "''");
        return value.indexOf('\\') < 0 ? "'" + doubled + "'" : " E'" + doubled.replace("\\", "\\\\") + "'";
    }

    /** The owner that the database had. */
    public String owner() {
        JsonValue owner = json.getJsonObject("database").get("owner");
        return owner instanceof JsonString text ? text.getString() : "";
    }
}
