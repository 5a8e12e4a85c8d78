package dev.nightshift.testing;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;

/** Where backups of a test are stored, over REST. */
public final class TestStores {
    private TestStores() {}

    /** Defines a store. */
    public static void define(Api admin, JsonObjectBuilder store) {
        admin.post("api/stores", store.build()).expect(201);
    }

    /** What the check of a store says. */
    public static JsonObject checked(Api admin, String store) {
        return admin.post("api/stores/" + store + "/check").expect(200).object();
    }

    /** One in the bucket of an {@link S3Server}, reached at this address. */
    public static JsonObjectBuilder bucket(String name, String endpoint) {
        return bucket(name, S3Server.BUCKET, endpoint, S3Server.KEY);
    }

    /** One in a bucket that speaks S3; the account's secret is the one that every Nightshift of a test has in a variable. */
    public static JsonObjectBuilder bucket(String name, String bucket, String endpoint, String account) {
        return Json.createObjectBuilder()
                .add("name", name)
                .add("kind", "S3")
                .add("bucket", bucket)
                .add("endpoint", endpoint)
                .add("account", account)
                .add("secretVariable", "NIGHTSHIFT_CREDENTIAL_TEST");
    }

    /** A folder, which has to lie where this Nightshift lets stores be. */
    public static JsonObjectBuilder folder(String name, Path folder) {
        return Json.createObjectBuilder()
                .add("name", name)
                .add("kind", "FOLDER")
                .add("folder", folder.toString());
    }

    /** Writes a secret to where this Nightshift may read it; the file, as a store names it. */
    public static String secretFile(Nightshift nightshift, String name, String secret) throws IOException {
        Path file = Files.createDirectories(nightshift.data().resolve("credentials"))
                .resolve(name);
        Files.writeString(file, secret + "\n");
        Files.setPosixFilePermissions(file, PosixFilePermissions.fromString("rw-------"));
        return file.toString();
    }
}
