package dev.nightshift.backup.stores;

import dev.nightshift.fleet.Secret;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Name;
import dev.nightshift.kernel.Roots;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A store to be made or changed; on a change, what is left out stays, and what is empty goes. */
@Schema(name = "StoreRequest")
public record StoreBody(
        @Nullable String name,

        @Schema(enumeration = {"FOLDER", "S3", "AZBLOB", "GCS"}) @Nullable
        String kind,

        @Schema(description = "Of a FOLDER: absolute, below NIGHTSHIFT_STORE_ROOTS, the same on every node") @Nullable
        String folder,

        @Schema(description = "At Azure the container") @Nullable
        String bucket,

        @Schema(description = "The folder within the bucket") @Nullable
        String prefix,

        @Schema(description = "The service's address, unless it is the provider's own") @Nullable
        String endpoint,

        @Nullable String region,

        @Schema(description = "S3's access key id, unless the secret holds it too; Azure's storage account") @Nullable
        String account,

        @Schema(
                description = "File on every node, below NIGHTSHIFT_CREDENTIAL_ROOTS: S3's secret access key, Azure's"
                        + " account key, or Google's key file itself")
        @Nullable
        String secretFile,

        @Schema(description = "Instead, a variable NIGHTSHIFT_CREDENTIAL_… of every node") @Nullable
        String secretVariable,

        @Schema(
                description =
                        "The bucket is to lock each object for so many days, by a retention that you set there. Nightshift"
                                + " measures it, and reports it while it locks for less. 0 for none, as of every FOLDER")
        @Nullable
        Integer lockDays,

        @Schema(description = "Of S3: the access key id of the login that deletes, unless the secret holds it too")
        @Nullable
        String deleteAccount,

        @Schema(
                description =
                        "File on every node with what opens the store for a second login. It alone is used to delete, and the"
                                + " first one needs no right to")
        @Nullable
        String deleteSecretFile,

        @Schema(description = "Instead, a variable NIGHTSHIFT_CREDENTIAL_… of every node") @Nullable
        String deleteSecretVariable) {
    private StoreDefinition.@Nullable Deleting deleting(Roots roots) {
        Secret secret = Secret.referred("deleteSecret", deleteSecretFile, deleteSecretVariable, roots);
        if (secret == null) {
            return null;
        }
        return new StoreDefinition.Deleting(secret instanceof Secret.None ? "" : given(deleteAccount, ""), secret);
    }

    /** @throws Failure.Invalid naming the field that cannot be right */
    StoreDefinition create(Stores stores, Roots roots) {
        StoreDefinition.Kind of = Asked.word("kind", kind, StoreDefinition.Kind.class);
        if (name == null || of == null) {
            String missing = name == null ? "name" : "kind";
            throw new Failure.Invalid(missing, "The field " + missing + " is missing.");
        }
        Secret secret = Secret.referred("secret", secretFile, secretVariable, roots);
        StoreDefinition.Deleting deleting = deleting(roots);
        String below = given(folder, "");
        return new StoreDefinition(
                new Name(name),
                of,
                of == StoreDefinition.Kind.FOLDER ? stores.confined(below).toString() : below,
                given(bucket, ""),
                given(prefix, ""),
                given(endpoint, ""),
                given(region, ""),
                given(account, ""),
                secret == null ? new Secret.None() : secret,
                lockDays == null ? 0 : lockDays,
                deleting == null
                        ? new StoreDefinition.Deleting(given(deleteAccount, ""), new Secret.None())
                        : deleting);
    }

    /** @throws Failure.Invalid naming the field that cannot be right, or never changes */
    StoreDefinition over(StoreDefinition before, Roots roots) {
        Secret secret = Secret.referred("secret", secretFile, secretVariable, roots);
        StoreDefinition.Deleting deleting = deleting(roots);
        Asked.sameName("name", name, before.name().value());
        StoreDefinition.Kind of = Asked.word("kind", kind, StoreDefinition.Kind.class);
        Asked.sameName("kind", of == null ? null : of.name(), before.kind().name());
        Asked.sameName("folder", folder, before.folder());
        Asked.sameName("bucket", bucket, before.bucket());
        Asked.sameName("prefix", prefix, before.prefix());
        boolean elsewhere = !given(endpoint, before.endpoint()).equals(before.endpoint());
        boolean another = elsewhere || !given(account, before.account()).equals(before.account());
        if (another && secret == null && !(before.secret() instanceof Secret.None)) {
            throw shown("secretFile");
        }
        boolean anotherDeletes = elsewhere
                || !given(deleteAccount, before.deleting().account())
                        .equals(before.deleting().account());
        if (anotherDeletes && deleting == null && !before.deleting().isNone()) {
            throw shown("deleteSecretFile");
        }
        if (deleting == null && before.deleting().isNone()) {
            deleting = new StoreDefinition.Deleting(given(deleteAccount, ""), new Secret.None());
        }
        return new StoreDefinition(
                before.name(),
                before.kind(),
                before.folder(),
                before.bucket(),
                before.prefix(),
                given(endpoint, before.endpoint()),
                given(region, before.region()),
                given(account, before.account()),
                secret == null ? before.secret() : secret,
                lockDays == null ? before.lockDays() : lockDays,
                deleting == null ? before.deleting() : deleting);
    }

    private static Failure.Invalid shown(String field) {
        return new Failure.Invalid(
                field,
                "Name what opens the store again: with another endpoint or account it would be shown to somebody else.");
    }

    private static String given(@Nullable String asked, String otherwise) {
        return asked == null ? otherwise : asked.strip();
    }
}
