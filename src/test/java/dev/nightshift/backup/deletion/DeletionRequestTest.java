package dev.nightshift.backup.deletion;

import static org.junit.jupiter.api.Assertions.assertAll;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.nightshift.access.Persons;
import jakarta.json.JsonValue;
import java.time.Duration;
import java.time.Instant;
import java.util.List;
import java.util.Optional;
import java.util.UUID;
import org.jspecify.annotations.Nullable;
import org.junit.jupiter.api.Test;

class DeletionRequestTest {
    private static final Instant NOW = Instant.parse("2026-11-30T02:00:00Z");
    private static final UUID FIRST = UUID.randomUUID();
    private static final UUID OTHER = UUID.randomUUID();
    private static final UUID A = UUID.randomUUID();
    private static final UUID B = UUID.randomUUID();

    private static Consequences of(@Nullable Instant windowFrom, long elsewhere, UUID... backups) {
        return new Consequences(
                "Delete",
                List.of(new Consequences.OfServer("shop", List.of(backups), 10, 5, windowFrom, null)),
                elsewhere,
                List.of("It goes."));
    }

    private static DeletionRequest request() {
        return new DeletionRequest(
                UUID.randomUUID(),
                "expire",
                JsonValue.EMPTY_JSON_OBJECT,
                null,
                "ada",
                null,
                FIRST,
                NOW,
                NOW.plus(DeletionRequests.LASTS),
                of(NOW, 0, A),
                DeletionRequest.State.WAITING,
                null,
                null,
                null);
    }

    private static Persons.Admin admin(UUID id, boolean installation, Duration ago) {
        return new Persons.Admin(id, "bob", installation, NOW.minus(ago));
    }

    private static Optional<String> whyNot(@Nullable UUID who, boolean ofInstallation, Persons.Admin... admins) {
        return Second.whyNot(request(), who, List.of(admins), ofInstallation, NOW);
    }

    @Test
    void moreIsABackupThatWasNotShownOrAWindowThatBeginsLater() {
        Consequences shown = of(NOW, 1, A, B);
        assertAll(
                () -> assertFalse(of(NOW, 1, A, B).isBeyond(shown)),
                () -> assertFalse(of(NOW, 0, A).isBeyond(shown), "less"),
                () -> assertFalse(of(NOW.minusSeconds(1), 1, A).isBeyond(shown)),
                () -> assertTrue(of(NOW, 1, A, UUID.randomUUID()).isBeyond(shown), "as many, and another one"),
                () -> assertTrue(of(NOW.plusSeconds(1), 1, A).isBeyond(shown)),
                () -> assertTrue(of(null, 1, A).isBeyond(shown), "no window"),
                () -> assertTrue(of(NOW, 2, A).isBeyond(shown)),
                () -> assertFalse(of(NOW, 1).isBeyond(of(null, 1))));
    }

    @Test
    void whatWasShownIsKeptAsItWas() {
        Consequences shown = of(NOW, 3, A, B);
        Consequences none = new Consequences(
                "Nothing", List.of(new Consequences.OfServer("x", List.of(), 0, 0, null, "why")), 0, List.of());
        assertAll(
                () -> assertEquals(shown, Consequences.of(shown.json())),
                () -> assertEquals(none, Consequences.of(none.json())));
    }

    @Test
    void theSecondIsAnotherPersonWhoMayDoItAndIsNoNewcomer() {
        Duration enough = Second.SETTLED;
        assertAll(
                () -> assertEquals(Optional.empty(), whyNot(OTHER, false, admin(OTHER, false, enough))),
                () -> assertEquals(Optional.empty(), whyNot(OTHER, true, admin(OTHER, true, enough))),
                () -> assertTrue(whyNot(null, false, admin(OTHER, false, enough))
                        .orElseThrow()
                        .contains("no person")),
                () -> assertTrue(whyNot(FIRST, false, admin(FIRST, true, enough))
                        .orElseThrow()
                        .contains("yourself")),
                () -> assertTrue(whyNot(OTHER, false).orElseThrow().contains("admin of the project")),
                () -> assertTrue(
                        whyNot(OTHER, true, admin(OTHER, false, enough), admin(UUID.randomUUID(), true, Duration.ZERO))
                                .orElseThrow()
                                .contains("installation admin")),
                () -> assertEquals(
                        Optional.empty(),
                        whyNot(OTHER, true, admin(OTHER, false, enough), admin(FIRST, true, enough)),
                        "the only admin of the installation asked"),
                () -> assertTrue(whyNot(OTHER, false, admin(OTHER, false, enough.minusSeconds(1)))
                        .orElseThrow()
                        .contains("younger than 72 hours")));
    }

    @Test
    void itWaitsUntilItRunsOut() {
        assertTrue(request().isOpen(NOW.plus(DeletionRequests.LASTS).minusSeconds(1)));
        assertFalse(request().isOpen(NOW.plus(DeletionRequests.LASTS)));
    }
}
