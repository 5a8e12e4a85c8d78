package dev.nightshift.job.schedule;

import java.util.Map;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A pause as REST is asked for it. */
@Schema(name = "PauseRequest", example = "{\"until\":\"2026-12-01T06:00:00Z\",\"why\":\"The storage is being moved.\"}")
public record NewPause(
        @Schema(description = "Left out or null: until somebody resumes") @Nullable
        String until,

        @Nullable String why) {
    Map<String, String> details() {
        return Map.of("until", until == null ? "resumed" : until, "why", why == null ? "" : why);
    }
}
