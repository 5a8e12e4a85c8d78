package dev.nightshift.backup;

import dev.nightshift.backup.proof.ProofRung;
import dev.nightshift.backup.read.ProofLevel;
import jakarta.json.Json;
import jakarta.json.JsonObject;
import java.util.List;

/** A proof's rungs as the catalogue keeps them and the API shows them. */
final class ProofText {
    private ProofText() {}

    static JsonObject json(ProofRung rung) {
        var text = Json.createObjectBuilder()
                .add("level", rung.level().name())
                .add("number", List.of(ProofLevel.values()).indexOf(rung.level()))
                .add("outcome", rung.outcome().name());
        if (rung.at() != null) {
            text.add("at", rung.at().toString());
        }
        text.add("durationMillis", rung.duration().toMillis()).add("evidence", rung.evidence());
        if (rung.reason() != null) {
            text.add("reason", rung.reason());
        }
        if (rung.remedy() != null) {
            text.add("remedy", rung.remedy());
        }
        var figures = Json.createObjectBuilder();
        rung.figures().forEach(figures::add);
        return text.add("figures", figures).build();
    }
}
