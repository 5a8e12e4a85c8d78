package dev.nightshift.fleet;

import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.postgres.CheckReport;
import dev.nightshift.postgres.CheckReport.Item;
import dev.nightshift.postgres.CheckReport.State;
import dev.nightshift.postgres.ConnectionCheck;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonArrayBuilder;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import jakarta.json.JsonValue;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Tests connections, and keeps what they tell of a server: its version, its size, and that no other project holds it. */
@ApplicationScoped
public class Checkup {
    private static final String FOREIGN =
            "This server belongs to another project: its system identifier %s is registered"
                    + " there, and a physical backup would hold that project's data.";
    private static final String FOREIGN_REMEDY =
            "Register its databases in the project that has the server, or delete it there first.";

    @Inject
    private Transactions transactions;

    @Inject
    private FleetRepository repository;

    @Inject
    private Fleet fleet;

    @Inject
    private Primaries primaries;

    @Inject
    private Clock clock;

    /**
     * Tests a registered database's connection and stores the outcome with it.
     *
     * @throws Failure.NotFound if there is no such database
     */
    public CheckReport check(ProjectId project, UUID database) {
        Database found = fleet.database(project, database);
        CheckReport report = look(found.instance(), found.dbname());
        return transactions.in(project, connection -> {
            Instance instance = repository
                    .instance(project, found.instance().id())
                    .orElseThrow(() -> new Failure.NotFound(
                            "There is no instance " + found.instance().name() + "."));
            CheckReport known = compared(report, instance, keep(connection, instance, report));
            repository
                    .database(project, database)
                    .ifPresent(stored -> stored.checked(json(known).toString(), known));
            repository.write();
            return known;
        });
    }

    /** Tests a server that nobody registered, and stores nothing. */
    CheckReport check(Server server, String dbname) {
        return look(server, null, dbname);
    }

    /**
     * Tests a server as it is entered, on that one of its members that is the primary.
     *
     * @param stored whose password is used if none is entered; null if none is stored
     */
    CheckReport look(Server server, @Nullable Instance stored, String dbname) {
        Endpoint own = fleet.endpoint(server, stored, dbname);
        if (server.members().isEmpty()) {
            return look(own);
        }
        Endpoint login = own.withDatabase(server.maintenanceDatabase());
        // Another host may be another cluster's on purpose
        boolean same = stored != null && stored.host().equals(server.host()) && stored.port() == server.port();
        return look(
                own,
                primaries.ask(server.addresses(), login, stored == null || !same ? null : stored.systemIdentifier()));
    }

    /** Tests a registered server, on that one of its members that is the primary. */
    CheckReport look(Instance instance, String dbname) {
        Endpoint own = fleet.ownAddress(instance, dbname);
        if (instance.members().isEmpty()) {
            return look(own);
        }
        Endpoint login = own.withDatabase(instance.maintenanceDatabase());
        MemberRound round = primaries.ask(instance.addresses(), login, instance.systemIdentifier());
        primaries.keep(Primaries.Cluster.of(instance), round);
        return look(own, round);
    }

    private CheckReport look(Endpoint own, MemberRound round) {
        Endpoint endpoint = round.primary().at(own);
        String refusal = round.refusal();
        // What is not worked on tells nothing that would be kept
        CheckReport report = refusal == null
                ? look(endpoint)
                : failed(endpoint, new Item("primary", "Primary", State.FAILED, refusal, Primaries.REMEDY));
        return with(report, MemberItems.of(round));
    }

    private CheckReport look(Endpoint endpoint) {
        try {
            return new ConnectionCheck(clock).check(endpoint);
        } catch (Failure e) {
            return failed(
                    endpoint, new Item("login", "Login", State.FAILED, String.valueOf(e.getMessage()), e.remedy()));
        }
    }

    private CheckReport failed(Endpoint endpoint, Item item) {
        return new CheckReport(clock.now(), endpoint.toString(), false, null, null, null, null, null, List.of(item));
    }

    /**
     * Notes what a server told of itself.
     *
     * @param systemIdentifier as pg_control_system() or IDENTIFY_SYSTEM shows it
     * @throws Failure.Fatal if another project holds this server: nothing may be read from it
     */
    public void seen(ProjectId project, UUID instance, String systemIdentifier, String serverVersion) {
        transactions.run(project, connection -> {
            Instance stored = repository
                    .instance(project, instance)
                    .orElseThrow(() -> new Failure.NotFound("There is no instance " + instance + "."));
            if (!repository.claim(connection, instance, systemIdentifier)) {
                throw new Failure.Fatal(FOREIGN.formatted(systemIdentifier), FOREIGN_REMEDY, null);
            }
            stored.runs(bare(serverVersion));
            repository.write();
        });
    }

    /** As {@link #keep}, for a registration, which a foreign server ends. */
    void register(Connection connection, Instance instance, CheckReport report) throws SQLException {
        if (!keep(connection, instance, report)) {
            throw new Failure.Conflict(FOREIGN.formatted(report.systemIdentifier()), FOREIGN_REMEDY);
        }
    }

    /** {@code 15.18} of {@code 15.18 (Debian 15.18-0+deb12u1)}. */
    private static String bare(String version) {
        int space = version.indexOf(' ');
        return space < 0 ? version : version.substring(0, space);
    }

    /** @return false if another project holds the server */
    private boolean keep(Connection connection, Instance instance, CheckReport report) throws SQLException {
        if (report.serverVersion() != null) {
            instance.runs(bare(report.serverVersion()));
            repository.write();
        }
        return report.systemIdentifier() == null
                || repository.claim(connection, instance.id(), report.systemIdentifier());
    }

    private static CheckReport compared(CheckReport report, Instance instance, boolean own) {
        String before = instance.systemIdentifier();
        Item item;
        if (!own) {
            item = new Item(
                    "systemIdentifier",
                    "Same server",
                    State.FAILED,
                    FOREIGN.formatted(report.systemIdentifier()),
                    FOREIGN_REMEDY);
        } else if (report.systemIdentifier() != null && before != null && !before.equals(report.systemIdentifier())) {
            item = new Item(
                    "systemIdentifier",
                    "Same server",
                    State.WARNING,
                    "another server than before answers: its system identifier was " + before + ", now it is "
                            + report.systemIdentifier(),
                    "Nothing, if the server was set up anew; else correct host and port. The next backup is a full one.");
        } else {
            return report;
        }
        return with(report, List.of(item));
    }

    private static CheckReport with(CheckReport report, List<Item> more) {
        List<Item> items = new ArrayList<>(report.items());
        items.addAll(more);
        return new CheckReport(
                report.at(),
                report.endpoint(),
                report.ok() && more.stream().noneMatch(item -> item.state() == State.FAILED),
                report.serverVersion(),
                report.systemIdentifier(),
                report.inRecovery(),
                report.databaseBytes(),
                report.instanceBytes(),
                items);
    }

    /** As REST shows it and the repository keeps it. */
    static JsonObject json(CheckReport report) {
        JsonArrayBuilder items = Json.createArrayBuilder();
        for (Item item : report.items()) {
            JsonObjectBuilder each = Json.createObjectBuilder()
                    .add("item", item.item())
                    .add("label", item.label())
                    .add("state", item.state().name())
                    .add("found", item.found());
            items.add(text(each, "remedy", item.remedy()));
        }
        JsonObjectBuilder json = Json.createObjectBuilder()
                .add("at", report.at().truncatedTo(ChronoUnit.MILLIS).toString())
                .add("endpoint", report.endpoint())
                .add("ok", report.ok());
        text(json, "serverVersion", report.serverVersion());
        text(json, "systemIdentifier", report.systemIdentifier());
        return json.add("items", items).build();
    }

    private static JsonObjectBuilder text(JsonObjectBuilder json, String name, @Nullable String value) {
        return json.add(name, value == null ? JsonValue.NULL : Json.createValue(value));
    }
}
