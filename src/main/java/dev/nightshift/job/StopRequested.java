package dev.nightshift.job;

/** Thrown by the work when it notices that its run is to stop; the target ends STOPPED, which is no failure. */
public final class StopRequested extends RuntimeException {
    private static final long serialVersionUID = 1L;

    public StopRequested() {
        super("A person asked this run to stop.");
    }
}
