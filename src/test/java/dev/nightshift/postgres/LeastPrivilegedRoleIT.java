package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.nightshift.kernel.Clock;
import dev.nightshift.postgres.CheckReport.State;
import dev.nightshift.testing.Postgres;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.SQLException;
import java.util.List;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The how-to's statements are run as they stand, and the connection test then misses nothing. */
class LeastPrivilegedRoleIT {
    private static final Path GUIDE = Path.of("docs", "how-to", "least-privileged-role.md");
    private static final Pattern BLOCK = Pattern.compile("```sql( from 17| before 17)?\\n(.*?)```", Pattern.DOTALL);

    @ParameterizedTest
    @ValueSource(ints = {15, 17, 18})
    void theGuidesStatementsGiveAllThatTheConnectionTestAsksFor(int major) throws SQLException, IOException {
        try (Postgres server = Postgres.start(major)) {
            server.execute("postgres", "create database shop", "create role shop_owner");
            server.execute(
                    "shop", "create table orders (id int primary key)", "alter table orders owner to shop_owner");
            Matcher blocks = BLOCK.matcher(Files.readString(GUIDE));
            while (blocks.find()) {
                String versions = String.valueOf(blocks.group(1)).strip();
                if (!versions.equals(major >= 17 ? "before 17" : "from 17")) {
                    server.execute("shop", blocks.group(2));
                }
            }
            server.execute("shop", "alter role nightshift password 'secret'");

            CheckReport report = new ConnectionCheck(Clock.system())
                    .check(Endpoint.local(server.port(), "shop", "nightshift", () -> "secret"));
            for (String item : List.of(
                    "replication",
                    "replicationConnection",
                    "privilege.pg_monitor",
                    "privilege.pg_create_restore_point",
                    "privilege.pg_switch_wal",
                    "privilege.maintain",
                    "privilege.pg_read_all_data",
                    "privilege.bypassrls")) {
                assertEquals(State.OK, report.item(item).orElseThrow().state(), report.toString());
            }
        }
    }
}
