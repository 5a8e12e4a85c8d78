package dev.nightshift.backup.remote;

import dev.nightshift.backup.stored.BucketLock;
import dev.nightshift.backup.stored.Store;
import dev.nightshift.kernel.Failure;
import java.time.Instant;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/**
 * What OpenDAL 0.48.2 cannot ask of a bucket of S3: whether it keeps versions and locks them, which there are, and to delete one.
 */
final class S3Bucket {
    /** What a service says of one object in the midst of others, or of all, and that passes. */
    private static final Set<String> PASSES = Set.of(
            "SlowDown", "InternalError", "ServiceUnavailable", "RequestTimeout", "OperationAborted", "TooManyRequests");

    /** S3's own limit for one request. */
    private static final int MOST_DELETED = 1000;

    private final S3Requests requests;
    private final Prefix prefix;

    S3Bucket(S3Requests requests) {
        this.requests = requests;
        this.prefix = requests.prefix();
    }

    /**
     * One version of an object.
     *
     * @param name in the store
     * @param marker whether it says that the object is deleted
     * @param at when it was stored
     */
    record Version(String name, String id, boolean latest, boolean marker, long bytes, Instant at) {}

    /**
     * Whether what is deleted or replaced stays as a version.
     *
     * @throws Unanswered if that is not to be had
     */
    boolean keepsVersions() throws Unanswered {
        S3Requests.Answer answer = requests.asked("ask for versioning", "GET", "", Map.of("versioning", ""), null);
        requireAnswered(answer, "versioning");
        if (!answer.isXml()) {
            throw new Unanswered(answer.words(), false);
        }
        return !answer.text().first("Status").isEmpty(); // one that was suspended has those of before
    }

    /**
     * What the bucket does to each object by itself.
     *
     * @throws Unanswered if that is not to be had
     */
    BucketLock lock() throws Unanswered {
        S3Requests.Answer answer =
                requests.asked("ask for the object lock", "GET", "", Map.of("object-lock", ""), null);
        if (answer.status() == 404
                && answer.isXml()
                && answer.text().first("Code").startsWith("ObjectLockConfiguration")) {
            return BucketLock.NONE;
        }
        requireAnswered(answer, "the object lock");
        S3Text text = answer.text();
        String mode = text.first("Mode");
        if (!text.first("ObjectLockEnabled").equals("Enabled") || mode.isEmpty()) {
            return BucketLock.NONE;
        }
        String years = text.first("Years");
        return new BucketLock(
                mode, years.isEmpty() ? Integer.parseInt(text.first("Days")) : 365 * Integer.parseInt(years));
    }

    private void requireAnswered(S3Requests.Answer answer, String what) throws Unanswered {
        if (answer.status() == 200) {
            return;
        }
        String code = answer.isXml() ? answer.text().first("Code") : "";
        switch (code) {
            case "NotImplemented", "MethodNotAllowed" -> throw new Unanswered(answer.words(), true);
            case "AccessDenied" -> throw new Unanswered(answer.words(), false);
            case "" -> {
                // Something that does not speak S3 so far: it says nothing of logins or of time that may pass
                switch (answer.status()) {
                    case 405, 501 -> throw new Unanswered(answer.words(), true);
                    case 400, 403, 404 -> throw new Unanswered(answer.words(), false);
                    default -> {}
                }
            }
            default -> {
                if (answer.status() == 404 && !code.equals("NoSuchBucket")) {
                    throw new Unanswered(answer.words(), false);
                }
            }
        }
        throw requests.refused(
                "ask for " + what, "s3:GetBucketVersioning and s3:GetBucketObjectLockConfiguration", answer);
    }

    /** All whose names begin so, deleted ones and what says so included; those of one object the newest first. */
    List<Version> versions(String begin) {
        List<Version> all = new ArrayList<>();
        Map<String, String> query = new LinkedHashMap<>();
        query.put("versions", "");
        query.put("prefix", prefix.inBucket(begin));
        while (true) {
            S3Requests.Answer answer = requests.asked("list versions of " + begin, "GET", "", query, null);
            if (answer.status() != 200) {
                throw requests.refused("list versions of " + begin, "s3:ListBucketVersions", answer);
            }
            S3Text page = answer.text();
            for (S3Text.Part part : page.parts("Version", "DeleteMarker")) {
                prefix.inStore(part.value("Key")).ifPresent(name -> all.add(version(name, part)));
            }
            String next = page.first("NextKeyMarker");
            if (!page.first("IsTruncated").equals("true") || next.isEmpty()) {
                return all;
            }
            query.put("key-marker", next);
            query.put("version-id-marker", page.first("NextVersionIdMarker"));
        }
    }

    private static Version version(String name, S3Text.Part part) {
        return new Version(
                name,
                part.value("VersionId"),
                part.value("IsLatest").equals("true"),
                part.name().equals("DeleteMarker"),
                part.value("Size").isEmpty() ? 0 : Long.parseLong(part.value("Size")),
                Instant.parse(part.value("LastModified")));
    }

    /**
     * Deletes these versions for good.
     *
     * @return those that the server refused to, with the word that it said
     * @throws Failure.Retryable if it has no time for some of them, when asked again too
     */
    Map<Version, String> delete(List<Version> versions) {
        Map<Version, String> refused = new LinkedHashMap<>();
        for (int from = 0; from < versions.size(); from += MOST_DELETED) {
            List<Version> some = versions.subList(from, Math.min(versions.size(), from + MOST_DELETED));
            for (int attempt = 1; !some.isEmpty(); attempt++) {
                Map<Version, String> left = deleteOnce(some);
                some = left.keySet().stream()
                        .filter(each -> PASSES.contains(left.get(each)))
                        .toList();
                left.keySet().removeAll(some);
                refused.putAll(left);
                if (!some.isEmpty()) {
                    if (attempt == Attempts.MOST) {
                        throw new Failure.Retryable(
                                "The " + requests.title() + " has no time to delete " + some.size()
                                        + " versions (delete versions).",
                                S3Requests.BUSY,
                                null);
                    }
                    requests.attempts().pause("delete versions", attempt);
                }
            }
        }
        return refused;
    }

    /** @return those that were not deleted, and why */
    private Map<Version, String> deleteOnce(List<Version> versions) {
        S3Requests.Answer answer =
                requests.asked("delete versions", "POST", "", Map.of("delete", ""), S3Text.deletion(prefix, versions));
        Map<Version, String> left = new LinkedHashMap<>();
        if (answer.status() == 403
                && answer.isXml()
                && answer.text().first("Code").equals("AccessDenied")) {
            versions.forEach(each -> left.put(each, "AccessDenied"));
            return left;
        }
        if (answer.status() != 200) {
            throw requests.refused("delete versions", "s3:DeleteObjectVersion", answer);
        }
        Map<String, String> errors = new LinkedHashMap<>();
        for (S3Text.Part error : answer.text().parts("Error")) {
            errors.put(error.value("Key") + "\n" + error.value("VersionId"), error.value("Code"));
        }
        for (Version each : versions) {
            String code = errors.get(prefix.inBucket(each.name()) + "\n" + each.id());
            if (code != null && !code.equals("NoSuchVersion")) {
                left.put(each, code);
            }
        }
        return left;
    }

    /**
     * Deletes one version for good by a request of its own: for one of many some services (Ceph 16) ask for further rights, so that
     * their refusal of {@link #delete} does not say what a login can do.
     *
     * @return whether the service let the login do it
     */
    boolean deleteAlone(Version version) {
        S3Requests.Answer answer =
                requests.asked("delete a version", "DELETE", version.name(), Map.of("versionId", version.id()), null);
        return switch (answer.status()) {
            case 200, 204 -> true; // 404 says nothing of what the login may
            case 403 -> false;
            default ->
                throw requests.refused("delete a version of " + version.name(), "s3:DeleteObjectVersion", answer);
        };
    }

    /**
     * What locks a version now, by the server's own clock; empty if nothing does, or the login may not see it.
     *
     * @throws Failure.NotFound if it is not there any more
     */
    Optional<Store.Lock> lockOf(Version version) {
        S3Requests.Answer answer = requests.asked(
                "look for " + version.name(), "HEAD", version.name(), Map.of("versionId", version.id()), null);
        if (answer.status() == 404) {
            throw new Failure.NotFound(
                    "The version of " + version.name() + " is not in the " + requests.title() + " any more.");
        }
        if (answer.status() != 200) {
            throw requests.refused(
                    "look for a version of " + version.name(), "s3:GetObjectVersion and s3:GetObjectRetention", answer);
        }
        if (answer.header("x-amz-object-lock-legal-hold").equals("ON")) {
            return Optional.of(new Store.Lock(null));
        }
        String until = answer.header("x-amz-object-lock-retain-until-date");
        if (until.isEmpty()) {
            return Optional.empty();
        }
        Instant end = Instant.parse(until);
        return end.isAfter(ServiceRequests.now(answer.response()))
                ? Optional.of(new Store.Lock(end))
                : Optional.empty();
    }
}
