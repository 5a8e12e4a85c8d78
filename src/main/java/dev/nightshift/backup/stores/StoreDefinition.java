package dev.nightshift.backup.stores;

import dev.nightshift.backup.remote.RemoteAddress;
import dev.nightshift.fleet.Secret;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import org.jspecify.annotations.Nullable;

/**
 * A store as an installation admin describes it; texts that a kind does not have are empty.
 *
 * @param folder of FOLDER alone: an absolute path that every node sees
 * @param bucket of the others; at Azure the container
 * @param secret where the secret key, account key or key file's text is found; never the secret itself
 * @param lockDays for how long the bucket is to lock what is stored in it; 0 for not at all, as of every FOLDER
 * @param deleting the login that deletes there; the other one deletes where it has no secret
 */
record StoreDefinition(
        Name name,
        Kind kind,
        String folder,
        String bucket,
        String prefix,
        String endpoint,
        String region,
        String account,
        Secret secret,
        int lockDays,
        Deleting deleting) {
    /**
     * A second login, which alone is used to delete.
     *
     * @param account of S3, the access key id; empty where the secret holds that too
     */
    record Deleting(String account, Secret secret) {
        static final Deleting NONE = new Deleting("", new Secret.None());

        boolean isNone() {
            return secret instanceof Secret.None;
        }
    }

    /** S3 and Google allow a hundred years. */
    private static final int LONGEST_LOCK = 36_500;

    /** What keeps it. */
    enum Kind {
        FOLDER,
        S3,
        AZBLOB,
        GCS;

        RemoteAddress.Provider provider() {
            return RemoteAddress.Provider.valueOf(name());
        }
    }

    /** @throws Failure.Invalid naming the field that cannot be right */
    StoreDefinition {
        if (name.value().equals(Stores.LOCAL)) {
            throw new Failure.Invalid("name", "The name local is the one of the folder that NIGHTSHIFT_STORE names.");
        }
        if (name.value().equals(Stores.EACH)) {
            throw new Failure.Invalid("name", "The name each-store stands for all stores of a backup.");
        }
        if (lockDays != 0 && kind == Kind.FOLDER) {
            throw new Failure.Invalid("lockDays", "Only buckets are asked whether they lock what is stored.");
        }
        if (lockDays < 0 || lockDays > LONGEST_LOCK) {
            throw new Failure.Invalid("lockDays", "The field lockDays is 0 to " + LONGEST_LOCK + ".");
        }
        if (deleting.isNone() && !deleting.account().isEmpty()) {
            throw new Failure.Invalid(
                    "deleteSecretFile",
                    "Name the file or the variable that holds the secret of the login that deletes.");
        }
        if (kind != Kind.S3) {
            refuse("deleteAccount", deleting.account());
        }
        if (!deleting.isNone()
                && deleting.secret().equals(secret)
                && deleting.account().equals(account)) {
            throw new Failure.Invalid(
                    "deleteSecretFile", "The login that deletes is the same as the one that writes: name another one.");
        }
        if (kind == Kind.FOLDER) {
            if (!deleting.isNone()) {
                throw new Failure.Invalid("deleteSecretFile", "A folder needs no secret.");
            }
            refuse("bucket", bucket);
            refuse("prefix", prefix);
            refuse("endpoint", endpoint);
            refuse("region", region);
            refuse("account", account);
            if (!(secret instanceof Secret.None)) {
                throw new Failure.Invalid("secretFile", "A folder needs no secret.");
            }
        } else {
            refuse("folder", folder);
            new RemoteAddress(kind.provider(), bucket, orNull(endpoint), orNull(region), prefix, account);
            if (secret instanceof Secret.None && (kind != Kind.GCS || endpoint.isEmpty())) {
                throw new Failure.Invalid(
                        "secretFile", "Name the file or the variable that holds the secret which opens the store.");
            }
        }
    }

    private static void refuse(String field, String value) {
        if (!value.isEmpty()) {
            throw new Failure.Invalid(field, "Stores of this kind have no " + field + ".");
        }
    }

    private static @Nullable String orNull(String text) {
        return text.isEmpty() ? null : text;
    }

    /** Of all kinds but FOLDER. */
    RemoteAddress address() {
        return new RemoteAddress(
                kind.provider(), bucket, orNull(endpoint), orNull(region), prefix, account, lockDays > 0);
    }

    /** The same place by the login that deletes. */
    RemoteAddress deletingAddress() {
        return new RemoteAddress(
                kind.provider(),
                bucket,
                orNull(endpoint),
                orNull(region),
                prefix,
                kind == Kind.S3 ? deleting.account() : account,
                lockDays > 0);
    }

    Stores.Place place() {
        String place = kind == Kind.FOLDER
                ? folder
                : "bucket " + bucket + (prefix.isEmpty() ? "" : ", prefix " + prefix)
                        + (endpoint.isEmpty() ? "" : ", endpoint " + endpoint)
                        + (region.isEmpty() ? "" : ", region " + region)
                        + (account.isEmpty() ? "" : ", account " + account);
        return new Stores.Place(name.value(), kind.name(), place);
    }
}
