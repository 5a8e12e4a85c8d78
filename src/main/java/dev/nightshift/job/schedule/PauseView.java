package dev.nightshift.job.schedule;

import java.time.Instant;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A pause as REST tells it. */
@Schema(name = "Pause")
public record PauseView(
        Instant since,

        @Schema(description = "Null: until somebody resumes") @Nullable
        Instant until,

        String by,
        String why) {
    static PauseView of(Pause pause) {
        return new PauseView(pause.since(), pause.until(), pause.by(), pause.why());
    }
}
