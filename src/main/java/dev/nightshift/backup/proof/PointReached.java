package dev.nightshift.backup.proof;

import dev.nightshift.backup.read.TimelineHistory;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Instant;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Whether a server that recovered to a point behind its backup came there by the way that was planned. */
final class PointReached {
    private PointReached() {}

    /**
     * While recovery pauses at the point.
     *
     * @throws Failure.Fatal if it replayed another transaction last, or none
     */
    static void requireTransaction(Connection connection, ProofMaterial.Point point) throws SQLException {
        Instant last = ProofCatalog.lastTransaction(connection);
        if (!Objects.equals(last, point.reported())) {
            throw new Failure.Fatal(
                    "The last transaction that recovery replayed ended " + at(last) + ", expected was one that ended "
                            + at(point.reported()) + ".",
                    null,
                    null);
        }
    }

    /**
     * After the promotion: the server's own word on the timelines that it came over, from the first one that the plan knows of.
     * Where nothing is archived that is the backup's; those before it lie before the backup.
     *
     * @throws Failure.Fatal if they are others, or were left elsewhere
     */
    static void requireHistory(Connection connection, Lsn end, ProofMaterial.Point point) throws SQLException {
        TimelineHistory found = ProofCatalog.history(connection);
        List<TimelineHistory.Part> parts = point.history().parts();
        List<TimelineHistory.Part> expected = new ArrayList<>(parts.subList(0, parts.size() - 1));
        TimelineHistory.Part last = parts.get(parts.size() - 1);
        expected.add(new TimelineHistory.Part(last.timeline(), last.from(), end));
        int first = parts.get(0).timeline();
        List<TimelineHistory.Part> came = found.parts().subList(0, found.parts().size() - 1).stream()
                .filter(part -> part.timeline() >= first)
                .toList();
        if (!words(came).equals(words(expected))) {
            throw new Failure.Fatal(
                    "Recovery came over these timelines: " + words(came) + "; expected were " + words(expected) + ".",
                    null,
                    null);
        }
    }

    private static String words(List<TimelineHistory.Part> parts) {
        return parts.stream()
                .map(part -> part.timeline() + " up to " + part.to())
                .collect(Collectors.joining(", "));
    }

    /** What is told of a point that was reached. */
    static String words(ProofMaterial.@Nullable Point point) {
        return point == null ? "" : ", where the last transaction ended " + at(point.lastTransaction());
    }

    private static String at(@Nullable Instant time) {
        return time == null ? "never" : "at " + time;
    }
}
