package dev.nightshift.backup;

import dev.nightshift.backup.deletion.Consequences;
import dev.nightshift.backup.deletion.DeletingAction;
import dev.nightshift.kernel.ProjectId;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.util.List;
import java.util.UUID;

/** Destroying a key of the project: what only it opens is lost but for those who hold a kit. */
@ApplicationScoped
class KeyDestruction implements DeletingAction {
    static final String KIND = "key-destroy";
    private static final String KEY = "key";

    @Inject
    private ProjectKeyRing ring;

    static JsonObject asked(String key) {
        return Json.createObjectBuilder().add(KEY, key).build();
    }

    @Override
    public String kind() {
        return KIND;
    }

    @Override
    public String covers() {
        return "a project key destroyed";
    }

    @Override
    public Consequences measure(ProjectId project, JsonObject asked) {
        String key = asked.getString(KEY);
        ring.require(project, key);
        ProjectKeyRepository.Use use = ring.keys(project).stream()
                .filter(each -> each.id().equals(key))
                .findFirst()
                .orElseThrow()
                .use();
        return new Consequences(
                "Destroy the project key " + key,
                List.of(),
                use.backups() + use.logs(),
                List.of(
                        use.backups() + " kept backups and " + use.logs()
                                + " archived logs open by it, as the catalogue has it. While any do, it is not"
                                + " destroyed.",
                        "What only it opens can be read by those who hold a recovery kit of before, and by nobody"
                                + " else."));
    }

    /** Every store is read before, in no transaction; the key goes and the request is taken in one. */
    @Override
    public void perform(ProjectId project, JsonObject asked, UUID request, Approval approved) {
        ring.destroy(project, asked.getString(KEY), () -> approved.done(""));
    }
}
