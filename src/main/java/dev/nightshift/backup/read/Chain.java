package dev.nightshift.backup.read;

import dev.nightshift.backup.stored.DamageException;
import dev.nightshift.backup.stored.Leftovers;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Sealed;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.BackupKeys;
import java.util.ArrayList;
import java.util.Collections;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.UUID;

/** A backup with those that it needs: the full one first, itself last. */
final class Chain {
    private Chain() {}

    /**
     * Opens them, each with its own key.
     *
     * @param folder of the last one; its parents lie beside it, or elsewhere in the store if names were changed since
     * @throws DamageException if one is missing, cannot be opened, or is none that this one can be built on
     * @throws Failure.Retryable if the store cannot be read now
     */
    static List<Sealed> of(Sealed last, Store store, String folder, BackupKeys keys) throws DamageException {
        List<Sealed> chain = new ArrayList<>(List.of(last));
        Set<UUID> seen = new HashSet<>(Set.of(last.manifest().backup()));
        Sealed child = last;
        String where = folder;
        UUID id = child.manifest().lineage().parent();
        while (id != null) {
            if (!seen.add(id)) {
                throw new DamageException(
                        "The chain of backup " + last.manifest().backup() + " comes back to " + id);
            }
            where = find(store, where, id, child.manifest());
            Sealed parent = open(store, where, keys, id, child.manifest());
            require(parent.manifest(), id, child.manifest());
            chain.add(parent);
            child = parent;
            id = child.manifest().lineage().parent();
        }
        Collections.reverse(chain);
        return List.copyOf(chain);
    }

    /** The same with the server's lists. */
    static List<Layer> layers(List<Sealed> chain) throws DamageException {
        List<Layer> layers = new ArrayList<>();
        for (Sealed each : chain) {
            layers.add(layer(each, chain.get(chain.size() - 1)));
        }
        return layers;
    }

    /** One of them with its list; damage is told as of the last one. */
    static Layer layer(Sealed each, Sealed last) throws DamageException {
        try {
            return Layer.read(each);
        } catch (DamageException e) {
            throw named(e, each, last);
        }
    }

    /** Damage, with the backup's id where it is not the one that was asked for. */
    static DamageException named(DamageException e, Sealed damaged, Sealed last) {
        UUID id = damaged.manifest().backup();
        return id.equals(last.manifest().backup())
                ? e
                : new DamageException(
                        "The backup " + id + ", which backup " + last.manifest().backup() + " needs, is damaged. "
                                + e.getMessage(),
                        e);
    }

    private static String find(Store store, String child, UUID id, Manifest needs) throws DamageException {
        String beside = child.substring(0, child.lastIndexOf('/') + 1) + id;
        if (!child.isEmpty() && Leftovers.isWhole(store, beside)) {
            return beside;
        }
        String elsewhere = child.isEmpty() ? null : Leftovers.folders(store).get(id);
        if (elsewhere == null || !Leftovers.isWhole(store, elsewhere)) {
            throw new DamageException(
                    "The backup " + id + " is missing in " + store + ", and backup " + needs.backup() + " needs it");
        }
        return elsewhere;
    }

    private static Sealed open(Store store, String folder, BackupKeys keys, UUID id, Manifest needs)
            throws DamageException {
        try {
            return Sealed.open(store, folder, keys);
        } catch (Failure.Unusable e) {
            throw e; // the store refuses, which says nothing of the backup
        } catch (Failure.Fatal | Failure.NotFound e) {
            throw new DamageException(
                    "The backup " + id + ", which backup " + needs.backup() + " needs, cannot be opened: "
                            + e.getMessage(),
                    e);
        }
    }

    private static void require(Manifest parent, UUID id, Manifest child) throws DamageException {
        String what = "The backup " + id + ", which backup " + child.backup() + " needs, ";
        if (!parent.backup().equals(id)) {
            throw new DamageException(what + "is not in its folder: there lies " + parent.backup());
        }
        Manifest.Source source = parent.source();
        if (!source.systemIdentifier().equals(child.source().systemIdentifier())) {
            throw new DamageException(what + "is of another cluster: its system identifier is "
                    + source.systemIdentifier() + ", not " + child.source().systemIdentifier());
        }
        if (source.major() != child.source().major()) {
            throw new DamageException(what + "is of PostgreSQL " + source.major() + ", not "
                    + child.source().major());
        }
        if (child.lineage().kind() == Manifest.Kind.DIFFERENTIAL
                && parent.lineage().kind() != Manifest.Kind.FULL) {
            throw new DamageException(what + "is no full one, as that of a differential one is");
        }
    }
}
