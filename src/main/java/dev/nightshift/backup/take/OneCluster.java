package dev.nightshift.backup.take;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.ReplicationSession;
import dev.nightshift.postgres.SystemIdentity;

/** Two connections to one address can end on two servers: behind a proxy, or while a standby takes over. */
final class OneCluster {
    private OneCluster() {}

    /**
     * The identity that both connections see.
     *
     * @throws Failure.Fatal if they lead to different clusters, or to another one than before
     */
    static SystemIdentity require(
            BackupRequest request, ReplicationSession logSession, ReplicationSession fileSession) {
        SystemIdentity identity = logSession.identify();
        SystemIdentity other = fileSession.identify();
        String before = request.systemIdentifier();
        if (!identity.systemIdentifier().equals(other.systemIdentifier()) || identity.timeline() != other.timeline()) {
            throw new Failure.Fatal(
                    request.endpoint() + " leads to different clusters: one has the system identifier "
                            + identity.systemIdentifier() + " on timeline " + identity.timeline() + ", another "
                            + other.systemIdentifier() + " on timeline " + other.timeline() + ".",
                    "Give an address that leads to one server.",
                    null);
        }
        if (before != null && !before.equals(identity.systemIdentifier())) {
            throw new Failure.Fatal(
                    request.endpoint() + " is another cluster than before: its system identifier is "
                            + identity.systemIdentifier() + ", it was " + before + ".",
                    "If the cluster was really replaced, register it as a new instance.",
                    null);
        }
        return identity;
    }
}
