package dev.nightshift.backup;

import dev.nightshift.access.CurrentProject;
import dev.nightshift.access.Needs;
import dev.nightshift.access.Role;
import dev.nightshift.audit.Audit;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.fleet.Fleet;
import dev.nightshift.fleet.Instance;
import dev.nightshift.fleet.Requests;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Lsn;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.ws.rs.Consumes;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.PUT;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.PathParam;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.core.MediaType;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Archiving of an instance's log: whether, how, and how far it is. */
@RequestScoped
@Path("projects/{project}/instances/{instance}/wal")
@Produces(MediaType.APPLICATION_JSON)
@Consumes(MediaType.APPLICATION_JSON)
@Tag(name = "Backups")
public class WalResource {
    private static final int MOST_STRETCHES = 100;
    private static final long LEAST_LIMIT = 64L << 20;
    private static final long MOST_LIMIT = 1L << 50;

    @Inject
    private Transactions transactions;

    @Inject
    private WalRepository repository;

    @Inject
    private LogCopyRepository copies;

    @Inject
    private WalFindings findings;

    @Inject
    private Stores stores;

    @Inject
    private Fleet fleet;

    @Inject
    private CurrentProject project;

    @Inject
    private Audit audit;

    @Inject
    private Live live;

    @Inject
    private Clock clock;

    /** What is to be; what is left out stays. */
    @Schema(
            name = "WalRequest",
            example =
                    "{\"enabled\":true,\"pieceSeconds\":30,\"retainedLimitBytes\":10737418240,\"giveUp\":false,\"rpoGoalSeconds\":900}")
    public record Body(
            @Nullable Boolean enabled,

            @Schema(description = "Log waits no longer than this before it is stored: 5 to 3600 (30)") @Nullable
            Integer pieceSeconds,

            @Schema(description = "The server may keep so much log for the slot: 64 MiB or more (10 GiB)") @Nullable
            Long retainedLimitBytes,

            @Schema(description = "Beyond the limit the slot is dropped, which leaves a gap (false: only an alarm)")
            @Nullable
            Boolean giveUp,

            @Schema(description = "The newest stored moment may be so old: 30 to 604800 (900)") @Nullable
            Integer rpoGoalSeconds,

            @Schema(description = "Where it is stored (local); a change begins a new archive there") @Nullable
            String store,

            @Schema(
                    description =
                            "STREAM: from a replication slot. PUSH: by the server's archive_command, without a slot"
                                    + " (STREAM); changed only while archiving is OFF")
            @Nullable
            String method) {}

    /**
     * How archiving goes.
     *
     * @param coveredTo the server's clock: all that it had acknowledged by then is stored
     * @param rpoSeconds how long that is ago
     * @param slot its name on the server; null where the server pushes its log
     * @param location of the archive in its store
     * @param stretches log without a gap, the newest first
     * @param copies of the archive in other stores, as they were when they were made last
     */
    @Schema(name = "Wal")
    public record View(
            String instance,
            boolean enabled,
            int pieceSeconds,
            long retainedLimitBytes,
            boolean giveUp,
            int rpoGoalSeconds,
            String state,
            @Nullable Instant since,
            @Nullable String message,
            @Nullable String slot,
            @Nullable String slotStatus,
            @Nullable Long retainedBytes,
            @Nullable Instant lookedAt,
            @Nullable Instant coveredTo,
            @Nullable Long rpoSeconds,
            String store,
            String method,
            @Nullable String location,
            List<StretchView> stretches,
            List<CopyView> copies) {}

    /**
     * A copy of the archive.
     *
     * @param to the first position that it does not hold; null where it holds nothing
     * @param coveredTo the server's clock: all that it had acknowledged by then lies before that; null if that is not known
     * @param gaps between the first position that it holds and that one
     * @param objects that were compared when it was copied; after expiry, all that its store lists. None, and no position, where
     *     rebuild-catalogue found it and no copy ran since
     */
    @Schema(name = "WalCopy")
    public record CopyView(
            String store,
            @Nullable Integer timeline,
            @Nullable String from,
            @Nullable String to,
            @Nullable Instant coveredTo,
            int gaps,
            long objects,
            long bytes,
            @Nullable Instant copiedAt) {}

    /** Log that is stored without a gap; what is missing before it, if anything is. */
    @Schema(name = "WalStretch")
    public record StretchView(
            int timeline,
            String from,
            String to,
            long objects,
            long bytes,
            Instant begunAt,
            @Nullable Instant coveredTo,
            @Nullable String gap) {}

    @GET
    @Operation(operationId = "wal", summary = "How an instance's log is archived, and how far")
    public View get(@PathParam("instance") String name) {
        return view(found(name));
    }

    /** Switches it on or off, or changes how. */
    @PUT
    @Needs(Role.ADMIN)
    @Operation(
            operationId = "changeWal",
            summary = "Switch archiving of an instance's log on or off",
            description =
                    "On makes a replication slot on the server, off drops it; with the method PUSH there is none, and the"
                            + " server's archive_command pushes. What is left out stays as it is.")
    @APIResponse(responseCode = "400", description = "A field breaks a rule; the problem names it")
    public View change(@PathParam("instance") String name, @Nullable Body body) {
        Body asked = Asked.body(body);
        Instance instance = found(name);
        if (asked.store() != null) {
            stores.require("store", asked.store());
        }
        transactions.run(project.id(), connection -> {
            WalService before =
                    repository.service(connection, project.id(), instance.id()).orElse(null);
            WalService.Settings old = before == null ? WalService.Settings.STANDARD : before.settings();
            WalService.Settings settings = new WalService.Settings(
                    (int) within("pieceSeconds", asked.pieceSeconds(), old.pieceSeconds(), 5, 3600),
                    within(
                            "retainedLimitBytes",
                            asked.retainedLimitBytes(),
                            old.retainedLimitBytes(),
                            LEAST_LIMIT,
                            MOST_LIMIT),
                    asked.giveUp() == null ? old.giveUp() : asked.giveUp(),
                    (int) within("rpoGoalSeconds", asked.rpoGoalSeconds(), old.rpoGoalSeconds(), 30, 604_800),
                    asked.store() == null ? old.store() : asked.store(),
                    method(asked.method(), before, old));
            if (asked.enabled() == null && before != null && before.state() == WalService.State.GIVEN_UP) {
                throw new Failure.Invalid(
                        "enabled", "Archiving was given up: say true to begin again, or false to leave it off.");
            }
            boolean enabled = asked.enabled() == null ? before != null && before.enabled() : asked.enabled();
            repository.choose(connection, project.id(), instance.id(), enabled, settings);
            if (enabled && before != null && before.state() == WalService.State.GIVEN_UP) {
                findings.over(project.id(), instance.id());
            }
            audit.record(
                    project.id(),
                    "wal.change",
                    "instance " + instance.name(),
                    Map.of(
                            "enabled", enabled,
                            "pieceSeconds", settings.pieceSeconds(),
                            "retainedLimitBytes", settings.retainedLimitBytes(),
                            "giveUp", settings.giveUp(),
                            "rpoGoalSeconds", settings.rpoGoalSeconds(),
                            "store", settings.store(),
                            "method", settings.method()));
            live.changed(project.id(), "instance", instance.id());
        });
        return view(instance);
    }

    /** A slot has to be dropped, and what is pushed must not meet what is streamed. */
    private static WalService.Method method(
            @Nullable String asked, @Nullable WalService before, WalService.Settings old) {
        if (asked == null || asked.equals(old.method().name())) {
            return old.method();
        }
        WalService.Method wanted = Arrays.stream(WalService.Method.values())
                .filter(each -> each.name().equals(asked))
                .findFirst()
                .orElseThrow(() -> new Failure.Invalid("method", "STREAM or PUSH is expected."));
        if (before != null && before.state() != WalService.State.OFF) {
            throw new Failure.Invalid(
                    "method",
                    "Switch archiving off first, and wait until its state is OFF: it is " + before.state() + ".");
        }
        return wanted;
    }

    private static long within(String field, @Nullable Number asked, long old, long least, long most) {
        if (asked == null) {
            return old;
        }
        if (asked.longValue() < least || asked.longValue() > most) {
            throw new Failure.Invalid(field, "Give a number from " + least + " to " + most + ".");
        }
        return asked.longValue();
    }

    private Instance found(String name) {
        return Requests.found("instance", name, valid -> fleet.instanceNamed(project.id(), valid));
    }

    private View view(Instance instance) {
        return transactions.in(project.id(), connection -> {
            WalService service =
                    repository.service(connection, project.id(), instance.id()).orElse(null);
            UUID id = service == null ? null : service.archive();
            List<WalRepository.Stretch> stretches =
                    id == null ? List.of() : repository.stretches(connection, id, MOST_STRETCHES);
            WalRepository.Archive archive = repository.archives(connection, instance.id()).stream()
                    .filter(each -> each.id().equals(id))
                    .findFirst()
                    .orElse(null);
            List<CopyView> held = new ArrayList<>();
            for (LogCopyRepository.Copy copy : copies.copies(connection, instance.id())) {
                if (copy.archive().equals(id)) {
                    held.add(view(copy, copies.stretches(connection, copy.id())));
                }
            }
            return view(instance, service, archive, stretches, held);
        });
    }

    private View view(
            Instance instance,
            @Nullable WalService service,
            WalRepository.@Nullable Archive archive,
            List<WalRepository.Stretch> stretches,
            List<CopyView> held) {
        WalService.Settings settings = service == null ? WalService.Settings.STANDARD : service.settings();
        Instant coveredTo = stretches.isEmpty() ? null : stretches.get(0).coveredTo();
        return new View(
                instance.name().value(),
                service != null && service.enabled(),
                settings.pieceSeconds(),
                settings.retainedLimitBytes(),
                settings.giveUp(),
                settings.rpoGoalSeconds(),
                (service == null ? WalService.State.OFF : service.state()).name(),
                service == null ? null : service.stateAt(),
                service == null ? null : service.message(),
                settings.method() == WalService.Method.PUSH ? null : WalService.slot(instance.id()),
                service == null ? null : service.slotStatus(),
                service == null ? null : service.retainedBytes(),
                service == null ? null : service.lookedAt(),
                coveredTo,
                coveredTo == null
                        ? null
                        : Math.max(0, Duration.between(coveredTo, clock.now()).toSeconds()),
                settings.store(),
                settings.method().name(),
                archive == null ? null : archive.location(),
                stretches.stream()
                        .map(each -> new StretchView(
                                each.timeline(),
                                each.from().toString(),
                                each.to().toString(),
                                each.objects(),
                                each.bytes(),
                                each.begunAt(),
                                each.coveredTo(),
                                each.gap()))
                        .toList(),
                held);
    }

    private static CopyView view(LogCopyRepository.Copy copy, List<LogCopyRepository.Stretch> stretches) {
        LogCopyRepository.Stretch last = stretches.isEmpty() ? null : stretches.get(stretches.size() - 1);
        return new CopyView(
                copy.store(),
                last == null ? null : last.timeline(),
                last == null ? null : stretches.get(0).from().toString(),
                last == null ? null : last.to().toString(),
                last == null ? null : last.coveredTo(),
                gaps(stretches),
                copy.objects(),
                copy.bytes(),
                copy.copiedAt());
    }

    /** A new timeline begins before the end of the one that it comes from; behind it something is missing too. */
    static int gaps(List<LogCopyRepository.Stretch> stretches) {
        int gaps = 0;
        Lsn furthest = null;
        for (LogCopyRepository.Stretch next : stretches) {
            if (furthest != null && next.from().compareTo(furthest) > 0) {
                gaps++;
            }
            furthest = furthest == null || next.to().compareTo(furthest) > 0 ? next.to() : furthest;
        }
        return gaps;
    }
}
