package dev.nightshift.kernel;

import java.util.UUID;

/** The project that a row, a request or a run belongs to: the isolation boundary. */
public record ProjectId(UUID value) {
    @Override
    public String toString() {
        return value.toString();
    }
}
