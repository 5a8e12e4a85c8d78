package dev.nightshift.backup;

import dev.nightshift.backup.read.BackupReader;
import dev.nightshift.backup.read.ProofLevel;
import dev.nightshift.backup.read.Verification;
import dev.nightshift.backup.stored.BackupProgress;
import dev.nightshift.backup.stored.Manifest;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.backup.stores.Stores;
import dev.nightshift.backup.take.Increment;
import dev.nightshift.job.TargetRun;
import dev.nightshift.kernel.Failure;
import dev.nightshift.vault.ProjectKeys;
import jakarta.enterprise.context.ApplicationScoped;
import jakarta.inject.Inject;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/** Finds the backup that one which holds changes only is built on. */
@ApplicationScoped
class Bases {
    /** As many are looked at in the store; where so many are bad, a full one is due anyway. */
    private static final int MOST = 10;

    /** As many backups may have to be read for a restore: a month of nights. */
    private static final int LONGEST = 30;

    private static final String INSTEAD = "Choose another one, or leave the choice to the run.";

    @Inject
    private BackupLeases leases;

    @Inject
    private Backups backups;

    /**
     * What the run asks for, with the newest usable base: whole in the catalogue and in the store with its whole chain, of this
     * cluster, and not proven to be bad.
     *
     * @throws Failure.Skippable if the run names a base that is not usable
     */
    Increment choose(TargetRun target, String systemIdentifier, Store store, ProjectKeys keys) {
        Manifest.Kind kind = BackupJob.kind(target.parameters());
        if (kind == Manifest.Kind.FULL) {
            return Increment.NONE;
        }
        UUID named =
                target.parameters().text(BackupJob.PARENT).map(UUID::fromString).orElse(null);
        if (named != null) {
            return named(target, kind, named, systemIdentifier, store, keys);
        }
        boolean fullOnly = kind == Manifest.Kind.DIFFERENTIAL;
        String storeName = TakeBackup.storeName(target);
        for (Backup candidate :
                backups.bases(target.project(), target.instanceId(), systemIdentifier, storeName, fullOnly, MOST)) {
            if (candidate.chain().size() >= LONGEST) {
                return Increment.without(kind, tooLong(candidate));
            }
            try {
                return built(target, kind, candidate, store, keys);
            } catch (Failure.Unusable e) {
                throw e; // the store refuses, which says nothing of the backup
            } catch (Failure.Fatal | Failure.NotFound e) {
                target.warn("Backup " + candidate.id() + " cannot be built on: " + e.getMessage());
            }
        }
        return Increment.without(
                kind,
                "there is no usable " + (fullOnly ? "full backup" : "backup") + " of this cluster to build on"
                        + (storeName.equals(Stores.LOCAL) ? "" : " in the store " + storeName));
    }

    private Increment named(
            TargetRun target, Manifest.Kind kind, UUID id, String systemIdentifier, Store store, ProjectKeys keys) {
        Backup parent = backups.get(target.project(), id);
        if (!parent.instanceId().equals(target.instanceId())) {
            throw refused(id, "it is of " + parent.instance(), null);
        }
        if (!parent.physical()) {
            throw refused(id, "it is a logical one", null);
        }
        if (!parent.systemIdentifier().equals(systemIdentifier)) {
            throw refused(
                    id, "it is of another cluster, with the system identifier " + parent.systemIdentifier(), null);
        }
        if (!parent.store().equals(TakeBackup.storeName(target))) {
            throw refused(id, "it lies in another store, " + parent.store(), null);
        }
        if (!parent.state().equals("COMPLETE")) {
            throw refused(id, "its source was damaged", null);
        }
        if (parent.chain().size() >= LONGEST) {
            throw refused(id, tooLong(parent), null);
        }
        String against = backups.against(target.project(), id).orElse(null);
        if (against != null) {
            throw refused(id, against, null);
        }
        try {
            return built(target, kind, parent, store, keys);
        } catch (Failure.Unusable e) {
            throw e;
        } catch (Failure.Fatal | Failure.NotFound e) {
            throw refused(id, e.getMessage(), e);
        }
    }

    private static String tooLong(Backup base) {
        return "the chain of backup " + base.id() + " has " + base.chain().size() + " backups, and may have " + LONGEST;
    }

    private static Failure.Skippable refused(UUID id, String reason, @Nullable Failure cause) {
        return new Failure.Skippable("Backup " + id + " cannot be built on: " + reason + ".", INSTEAD, cause);
    }

    private Increment built(TargetRun target, Manifest.Kind kind, Backup base, Store store, ProjectKeys keys) {
        BackupReader reader = BackupReader.open(store, base.location(), keys);
        requireSame(base, reader.manifest());
        leases.read(target, base.store(), base);
        Verification glance = reader.verify(ProofLevel.STORED, BackupProgress.NONE);
        if (glance.damage() != null) {
            throw new Failure.Fatal(glance.damage(), null, null);
        }
        byte[] list = reader.fileList();
        Manifest stored = reader.manifest();
        target.info("Takes what changed since the " + stored.lineage().kind().word() + " backup " + base.id() + ".");
        return Increment.to(
                kind,
                new Increment.Base(
                        base.id(),
                        stored.position().start(),
                        stored.source().timeline(),
                        stored.checksums().enabled(),
                        () -> list));
    }

    /**
     * Folders can be renamed and copied: what lies in the store has to be what the catalogue chose.
     *
     * @throws Failure.Fatal if it is not, or can be built on by no one
     */
    static void requireSame(Backup base, Manifest stored) {
        String what = null;
        if (!stored.backup().equals(base.id())) {
            what = "in its folder lies backup " + stored.backup();
        } else if (!stored.source().systemIdentifier().equals(base.systemIdentifier())) {
            what = "what is stored is of the cluster " + stored.source().systemIdentifier() + ", not of "
                    + base.systemIdentifier();
        } else if (stored.checksums().failures()) {
            what = "the server reported wrong page checksums while it was taken";
        }
        if (what != null) {
            throw new Failure.Fatal(what, null, null);
        }
    }
}
