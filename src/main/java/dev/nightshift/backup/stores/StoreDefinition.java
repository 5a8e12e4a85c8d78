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
        Secret secret) {
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
        if (kind == Kind.FOLDER) {
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
        return new RemoteAddress(kind.provider(), bucket, orNull(endpoint), orNull(region), prefix, account);
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
