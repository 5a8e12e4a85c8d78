package dev.nightshift.backup.proof;

import dev.nightshift.backup.evidence.Evidence;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.kernel.Bytes;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Binaries;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.sandbox.Sandbox;
import dev.nightshift.sandbox.ServerSettings;
import java.sql.Connection;
import java.sql.SQLException;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import org.jspecify.annotations.Nullable;

/**
 * The levels that need a server: fills a sandbox, lets it recover step by step to the positions of the evidence and compares
 * the rows, then to the backup's position, compares where it came with where it should, promotes it and checks what is in
 * it. Use an object once.
 */
final class ProofRestore implements RestoreInSandbox {
    private final ProofMaterial material;
    private final ProofOptions options;
    private final ProofWatch watch;
    private final Sandbox sandbox;
    private final List<String> notChecked = new ArrayList<>();
    private final List<Evidence> evidence;
    private final MatchRows match;
    private final RecoveringServer server;

    ProofRestore(ProofMaterial material, ProofOptions options, ProofWatch watch, Sandbox sandbox) {
        this.material = material;
        this.options = options;
        this.watch = watch;
        this.sandbox = sandbox;
        this.evidence = options.upTo() == ProofLevel.MATCHED ? material.evidence() : List.of();
        this.match = new MatchRows(sandbox, watch, evidence);
        this.server = new RecoveringServer(material, options.limits(), watch, sandbox);
    }

    @Override
    public MatchRows match() {
        return match;
    }

    @Override
    public @Nullable Duration rto() {
        return server.rto();
    }

    @Override
    public List<String> notChecked() {
        return notChecked;
    }

    @Override
    public ProofEvidence run(Binaries binaries) {
        server.fill(binaries);
        ProofMaterial.Aim aim = material.aim();
        try {
            for (Evidence each : byPosition()) {
                matchAt(each, Objects.requireNonNull(each.position()), aim.timeline());
            }
            server.recover(aim.recovery());
            try (Connection connection = server.firstAnswer()) {
                server.awaitPosition(connection, aim);
                for (Evidence each : evidence) {
                    if (each.position() == null) {
                        match.compare(each);
                    }
                }
                server.promote(connection, aim);
                return check(ProofCatalog.databases(connection), aim);
            }
        } catch (SQLException e) {
            throw server.failed(e);
        }
    }

    /** Evidence of a known position, in the order in which recovery comes by. */
    private List<Evidence> byPosition() {
        return evidence.stream()
                .filter(each -> each.position() != null)
                .sorted(Comparator.comparing(each -> Objects.requireNonNull(each.position())))
                .toList();
    }

    private void matchAt(Evidence each, Lsn position, int timeline) throws SQLException {
        server.recover(ServerSettings.Recovery.before(position.toString(), timeline));
        try (Connection connection = server.firstAnswer()) {
            ProofCatalog.Recovery now = server.awaitPause(connection, position);
            Lsn replayed = now.replayed() == null ? Lsn.NONE : Lsn.parse(now.replayed());
            if (!now.running() || replayed.compareTo(position) > 0 || now.timeline() != timeline) {
                throw new Failure.Fatal(
                        "Recovery came to " + replayed + " on timeline " + now.timeline() + " instead of just before "
                                + position + " on timeline " + timeline + ", where the evidence of database "
                                + each.database() + " was taken.",
                        null,
                        null);
            }
            server.recovered();
            match.compare(each);
        }
    }

    private ProofEvidence check(List<ProofCatalog.Database> databases, ProofMaterial.Aim aim) throws SQLException {
        ProofChecks checks = new ProofChecks(sandbox, material.major(), options, watch);
        checks.run(databases);
        notChecked.addAll(checks.notChecked());
        if (!evidence.isEmpty()) {
            notChecked.addAll(match.notCompared());
            databases.stream()
                    .map(ProofCatalog.Database::name)
                    .filter(name ->
                            evidence.stream().noneMatch(each -> each.database().equals(name)))
                    .forEach(name -> notChecked.add("rows of database " + name + ": there is no evidence of it"));
        }
        String failure = checks.failure();
        if (failure != null) {
            throw new Failure.Fatal(failure, "Repair the source, then take a new backup.", null);
        }
        Map<String, Long> figures = new HashMap<>(checks.figures());
        Duration rto = server.rto();
        figures.put("rtoMillis", rto == null ? 0 : rto.toMillis());
        return new ProofEvidence(
                "recovered to " + aim.expected() + " on timeline " + aim.timeline() + PointReached.words(aim.point())
                        + "; " + figures.get("indexes")
                        + " indexes and " + figures.get("tables") + " tables in " + figures.get("databases")
                        + " databases checked",
                figures);
    }

    /** What is written for certain: the files and the log, a part of which the server copies, and some log of its own. */
    static Bytes needed(Bytes plain) {
        return new Bytes(plain.value() + plain.value() / 10 + (64L << 20));
    }

    /** Room for what is restored, the log, and what promotion and checks write. */
    static Bytes room(Bytes plain) {
        return new Bytes(plain.value() + plain.value() / 5 + (4L << 30));
    }
}
