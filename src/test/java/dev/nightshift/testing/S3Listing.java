package dev.nightshift.testing;

import dev.nightshift.testing.VersionedObjects.Version;
import java.util.List;
import java.util.Map;
import java.util.TreeSet;

/** The listings of {@link S3StandIn}, as XML. */
final class S3Listing {
    /** Small, so that every listing of a test has pages. */
    private static final int PAGE = 5;

    private S3Listing() {}

    /** Of what is not deleted: ListObjectsV2. */
    static String keys(VersionedObjects objects, Map<String, String> query) {
        String prefix = query.getOrDefault("prefix", "");
        String delimiter = query.getOrDefault("delimiter", "");
        String after = query.getOrDefault("continuation-token", query.getOrDefault("start-after", ""));
        TreeSet<String> names = new TreeSet<>();
        objects.keys(prefix).forEach(name -> {
            int end = delimiter.isEmpty() ? -1 : name.indexOf(delimiter, prefix.length());
            names.add(end < 0 ? name : name.substring(0, end + 1));
        });
        StringBuilder text = new StringBuilder("<ListBucketResult>");
        int given = 0;
        String last = after;
        for (String name : names.tailSet(after, false)) {
            if (given++ == PAGE) {
                text.append("<IsTruncated>true</IsTruncated><NextContinuationToken>")
                        .append(last)
                        .append("</NextContinuationToken>");
                return text.append("</ListBucketResult>").toString();
            }
            last = name;
            Version version = objects.current(name);
            if (version == null) {
                text.append("<CommonPrefixes><Prefix>").append(name).append("</Prefix></CommonPrefixes>");
            } else {
                text.append("<Contents>").append(described(name, version)).append("</Contents>");
            }
        }
        return text.append("<IsTruncated>false</IsTruncated></ListBucketResult>")
                .toString();
    }

    private static String described(String name, Version version) {
        byte[] content = version.content();
        return "<Key>" + name + "</Key><LastModified>" + version.at() + "</LastModified>"
                + (content == null ? "" : "<ETag>\"" + version.id() + "\"</ETag><Size>" + content.length + "</Size>");
    }

    /** Of all versions: ListObjectVersions. */
    static String versions(VersionedObjects objects, Map<String, String> query) {
        StringBuilder text = new StringBuilder("<ListVersionsResult>");
        String afterKey = query.getOrDefault("key-marker", "");
        String afterId = query.getOrDefault("version-id-marker", "");
        boolean passed = afterKey.isEmpty();
        int given = 0;
        String lastKey = "";
        String lastId = "";
        for (String name : objects.allKeys(query.getOrDefault("prefix", ""))) {
            List<Version> versions = objects.of(name);
            for (Version version : versions) {
                if (!passed) {
                    passed = name.equals(afterKey) && version.id().equals(afterId);
                    continue;
                }
                if (given++ == PAGE) {
                    return text.append("<IsTruncated>true</IsTruncated><NextKeyMarker>")
                            .append(lastKey)
                            .append("</NextKeyMarker><NextVersionIdMarker>")
                            .append(lastId)
                            .append("</NextVersionIdMarker></ListVersionsResult>")
                            .toString();
                }
                String kind = version.content() == null ? "DeleteMarker" : "Version";
                text.append("<")
                        .append(kind)
                        .append("><VersionId>")
                        .append(version.id())
                        .append("</VersionId><IsLatest>")
                        .append(version.id().equals(versions.get(0).id()))
                        .append("</IsLatest>")
                        .append(described(name, version))
                        .append("</")
                        .append(kind)
                        .append(">");
                lastKey = name;
                lastId = version.id();
            }
        }
        return text.append("<IsTruncated>false</IsTruncated></ListVersionsResult>")
                .toString();
    }
}
