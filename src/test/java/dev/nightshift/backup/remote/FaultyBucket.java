package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.ForbiddenAddresses;
import dev.nightshift.testing.S3Server;
import dev.nightshift.testing.harness.FaultyStore;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Semaphore;

/** A bucket of a real server, opened by Nightshift's own client through {@link FaultyStore}. */
public final class FaultyBucket implements AutoCloseable {
    /** Instead of two minutes and more; far longer than any answer takes that comes. */
    private static final Duration PATIENCE = Duration.ofSeconds(10);

    private static final String PREFIX = "prod";
    private final S3Server server;
    private final FaultyStore faults;
    private final RemoteStore store;

    private FaultyBucket(S3Server server) {
        this.server = server;
        this.faults = FaultyStore.before(server.endpoint());
        var address = new RemoteAddress(
                RemoteAddress.Provider.S3, S3Server.BUCKET, faults.endpoint(), null, PREFIX, S3Server.KEY);
        this.store = RemoteStore.open(
                "store offsite",
                address,
                () -> S3Server.SECRET,
                null,
                ForbiddenAddresses.STANDARD,
                new Semaphore(1 << 18),
                new RemoteCalls("store offsite", PATIENCE));
    }

    /** An empty one. */
    public static FaultyBucket in(Path folder) {
        return new FaultyBucket(S3Server.start(folder));
    }

    public Store store() {
        return store;
    }

    public FaultyStore faults() {
        return faults;
    }

    /** Where an object lies behind the server. */
    public Path object(String name) {
        return server.bucket().resolve(PREFIX).resolve(name);
    }

    /** Of requests the first of each kind and the last, by what they are for: names differ in digits only within one. */
    public static List<FaultyStore.Request> steps(List<FaultyStore.Request> requests) {
        Map<String, List<FaultyStore.Request>> kinds = new LinkedHashMap<>();
        for (FaultyStore.Request each : requests) {
            kinds.computeIfAbsent(what(each), kind -> new ArrayList<>()).add(each);
        }
        return kinds.values().stream()
                .flatMap(alike -> alike.size() == 1
                        ? alike.stream()
                        : List.of(alike.get(0), alike.get(alike.size() - 1)).stream())
                .toList();
    }

    /** What a request is for, whatever the number of its object: {@code "GET /backups/prod/shop/main/#/base.tar/#"}. */
    public static String what(FaultyStore.Request request) {
        String name =
                request.target().replaceAll("[0-9A-Fa-f]{8}[0-9A-Fa-f-]*", "#").replaceAll("[0-9]+", "#");
        return request.kind() + " " + name;
    }

    @Override
    public void close() {
        store.close();
        faults.close();
        server.close();
    }
}
