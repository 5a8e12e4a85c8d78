package dev.nightshift.testing;

import java.util.List;
import java.util.Map;
import java.util.stream.Stream;

/** The rights that logins of a store need in its bucket, in S3's own words. */
public final class BucketLogins {
    private BucketLogins() {}

    /**
     * What docs/how-to/store-backups-in-s3.md says that each login needs: {@code writes} and {@code deletes} share the work,
     * {@code all} does it alone, {@code hides} lacks the right to delete versions.
     */
    public static Map<String, List<String>> documented() {
        List<String> reads = List.of(
                "s3:ListBucket",
                "s3:ListBucketVersions",
                "s3:GetBucketVersioning",
                "s3:GetBucketObjectLockConfiguration",
                "s3:GetObject",
                "s3:GetObjectVersion",
                "s3:GetObjectRetention");
        return Map.of(
                "writes", with(reads, "s3:PutObject", "s3:AbortMultipartUpload"),
                "deletes", with(reads, "s3:DeleteObject", "s3:DeleteObjectVersion"),
                "hides", with(reads, "s3:DeleteObject"),
                "all",
                        with(
                                reads,
                                "s3:PutObject",
                                "s3:AbortMultipartUpload",
                                "s3:DeleteObject",
                                "s3:DeleteObjectVersion"));
    }

    private static List<String> with(List<String> some, String... more) {
        return Stream.concat(some.stream(), Stream.of(more)).toList();
    }
}
