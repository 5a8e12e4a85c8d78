package dev.nightshift.backup.remote;

import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.testing.GoogleStandIn;

/** A store in the bucket of Google's stand-in, in the folder {@code nightshift/prod} of it. */
public final class StandInStore {
    private StandInStore() {}

    public static RemoteStore in(GoogleStandIn server) {
        var address = new RemoteAddress(
                RemoteAddress.Provider.GCS, GoogleStandIn.BUCKET, server.endpoint(), null, "nightshift/prod", "");
        return RemoteStore.open("store offsite", address, () -> null, null, ForbiddenAddresses.STANDARD);
    }
}
