package dev.nightshift.postgres;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.postgres.SqlFailure.Kind;
import dev.nightshift.testing.Postgres;
import dev.nightshift.testing.harness.CuttingProxy;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Random;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;

/** The driver says of many a login that broke that it was rejected: what is rejected is never tried again. */
@Tag("thorough")
class LoginCutsIT {
    private static final String PASSWORD = "secret";
    private static final Duration DEADLINE = Duration.ofSeconds(10);
    /** Each message of a login is longer. */
    private static final int STEP = 3;

    private static final int MORE_THAN_A_LOGIN = 4000;

    @Test
    void aLoginThatBreaksAnywhereIsTriedAgain() throws Exception {
        List<String> refused = new ArrayList<>();
        int bytes = 0;
        try (Postgres server = Postgres.start(18, Map.of());
                CuttingProxy proxy = CuttingProxy.to(server.port(), new Random(1))) {
            server.execute("postgres", "create role crew login password '" + PASSWORD + "'");
            Endpoint endpoint = Endpoint.local(proxy.port(), "postgres", "crew", () -> PASSWORD);
            while (broke(endpoint, proxy, bytes, refused)) {
                bytes += STEP;
                assertTrue(bytes < MORE_THAN_A_LOGIN, "it never logs in");
            }
        }
        assertTrue(bytes > 500, "only " + bytes + " bytes were a login");
        assertEquals(List.of(), refused);
    }

    @SuppressWarnings("try") // the login is what is looked at
    private static boolean broke(Endpoint endpoint, CuttingProxy proxy, int after, List<String> refused) {
        int before = proxy.cuts().size();
        proxy.cutAt(after);
        try (Connection connection = Connector.connect(endpoint, DEADLINE)) {
            return proxy.cuts().size() > before;
        } catch (SQLException e) {
            SqlFailure meaning = SqlFailure.of(e);
            if (meaning.kind() != Kind.RETRYABLE) {
                refused.add(after + " bytes: " + SqlFailure.words(e) + " " + e.getSQLState());
            }
            return true;
        }
    }
}
