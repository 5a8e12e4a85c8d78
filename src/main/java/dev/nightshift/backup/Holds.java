package dev.nightshift.backup;

import dev.nightshift.access.Caller;
import dev.nightshift.audit.Audit;
import dev.nightshift.backup.deletion.Consequences;
import dev.nightshift.backup.deletion.DeletingAction;
import dev.nightshift.backup.deletion.DeletionRequests;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.ProjectId;
import dev.nightshift.tenancy.Live;
import dev.nightshift.tenancy.Transactions;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Puts backups on hold and releases them; where two people delete, releasing waits for the second one. */
@ApplicationScoped
class Holds implements DeletingAction {
    private static final String KIND = "hold-release";
    private static final String BACKUP = "backup";

    @Inject
    private Transactions transactions;

    @Inject
    private ExpiryRepository repository;

    @Inject
    private Backups backups;

    @Inject
    private DeletionRequests requests;

    @Inject
    private Caller caller;

    @Inject
    private Audit audit;

    @Inject
    private Live live;

    void hold(ProjectId project, UUID id, String reason) {
        set(project, id, reason);
    }

    void release(ProjectId project, UUID id) {
        if (backups.get(project, id).hold() != null) {
            requests.require(
                    project,
                    KIND,
                    Json.createObjectBuilder().add(BACKUP, id.toString()).build());
        }
        set(project, id, null);
    }

    private void set(ProjectId project, UUID id, @Nullable String reason) {
        transactions.run(project, connection -> {
            if (!repository.hold(connection, id, reason, reason == null ? null : caller.name())) {
                throw unknown();
            }
            audit.record(
                    project,
                    reason == null ? "backup.release" : "backup.hold",
                    "backup " + id,
                    reason == null ? Map.of() : Map.of("reason", reason));
            live.changed(project, "backup", id);
        });
    }

    static Failure.NotFound unknown() {
        return new Failure.NotFound("This project holds no such backup.");
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public String covers() {
        return "a backup's hold released";
    }

    @Override
    public Consequences measure(ProjectId project, JsonObject asked) {
        Backup backup = backups.get(project, UUID.fromString(asked.getString(BACKUP)));
        Backup.Hold hold = backup.hold();
        long bytes = backup.storedBytes()
                + backup.copies().stream().mapToLong(Backup.Copy::storedBytes).sum();
        return new Consequences(
                "Release backup " + backup.id() + " of " + backup.instance()
                        + (hold == null ? "" : ", on hold by " + hold.by() + ": " + hold.reason()),
                List.of(new Consequences.OfServer(backup.instance(), List.of(backup.id()), bytes, 0, null, null)),
                0,
                List.of("It goes as soon as a rule says so."));
    }

    @Override
    public void perform(ProjectId project, JsonObject asked, UUID request, Approval approved) {
        transactions.run(project, connection -> {
            set(project, UUID.fromString(asked.getString(BACKUP)), null);
            approved.done("");
        });
    }
}
