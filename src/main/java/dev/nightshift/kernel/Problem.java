package dev.nightshift.kernel;

import org.jspecify.annotations.Nullable;

/**
 * What REST answers instead of what was asked for: a problem document (RFC 9457), never with a stack trace.
 *
 * @param type always {@code about:blank}: the status says the kind
 * @param title the status in words
 * @param status the HTTP status
 * @param detail what happened to what
 * @param field the field of the request that is wrong, as the caller spelled it; null if it is none
 * @param remedy what to do about it; null where only a person who knows the situation can say
 */
public record Problem(
        String type,
        String title,
        int status,
        String detail,
        @Nullable String field,
        @Nullable String remedy) {
    /** The media type of a problem document. */
    public static final String MEDIA_TYPE = "application/problem+json";

    /** A problem without a field. */
    public static Problem of(int status, String detail, @Nullable String remedy) {
        return new Problem("about:blank", title(status), status, detail, null, remedy);
    }

    /** What is wrong with something that a request asks about, when the request itself is in order. */
    public static Problem of(int status, Failure.Invalid invalid) {
        return new Problem(
                "about:blank", title(status), status, invalid.getMessage(), invalid.field(), invalid.remedy());
    }

    /** What a failure is to the caller of REST. */
    public static Problem of(Failure failure) {
        String detail = failure.getMessage() == null ? "It failed." : failure.getMessage();
        if (failure instanceof Failure.Invalid invalid) {
            return of(400, invalid);
        }
        int status = failure instanceof Failure.NotFound
                ? 404
                : failure instanceof Failure.Conflict || failure instanceof Failure.Skippable
                        ? 409
                        : failure instanceof Failure.Retryable || failure instanceof Failure.Unusable ? 503 : 500;
        return of(status, detail, failure.remedy());
    }

    private static String title(int status) {
        return switch (status) {
            case 400 -> "Not valid";
            case 401 -> "Login needed";
            case 403 -> "Not allowed";
            case 404 -> "Not found";
            case 405 -> "Method not allowed";
            case 406 -> "Not acceptable";
            case 409 -> "Conflict";
            case 413 -> "Too large";
            case 415 -> "Media type not supported";
            case 422 -> "Not valid";
            case 429 -> "Too many requests";
            case 503 -> "Not available";
            default -> status < 500 ? "Not valid" : "Failed";
        };
    }
}
