package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Problem;
import jakarta.json.JsonException;
import jakarta.json.bind.JsonbException;
import jakarta.ws.rs.ProcessingException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import java.util.ArrayList;
import java.util.List;
import java.util.UUID;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Turns whatever a resource throws into a problem document. What nobody expected is logged under a short reference; the
 * caller gets the reference and nothing else of it.
 */
@Provider
public class Problems implements ExceptionMapper<Throwable> {
    private static final System.Logger LOG = System.getLogger(Problems.class.getName());

    /** JSON-B names the property only within its message. */
    private static final Pattern PROPERTY = Pattern.compile("property '([^']+)'");

    /** An answer of ours that could not be written: a fault of the server, not of the request. */
    private static final Pattern UNWRITTEN =
            Pattern.compile("RESTEASY008205|\\bserialization", Pattern.CASE_INSENSITIVE);

    /** A header that says what the caller takes and cannot be read; the runtime throws it as if the server had failed. */
    private static final Pattern ACCEPT =
            Pattern.compile("^RESTEASY\\d+: .*\\b(media ?type|q (parameter|value))", Pattern.CASE_INSENSITIVE);

    /** For a word that an enum does not know it names the enum alone, which our fields are called after. */
    private static final Pattern ENUM = Pattern.compile("No enum constant [\\w.$]*?(\\w+)\\.(\\w*)$");

    private static final int RETRY_SECONDS = 5;

    @Override
    public Response toResponse(Throwable thrown) {
        Failure failure = cause(thrown, Failure.class);
        if (failure != null) {
            return failed(failure);
        }
        BodyLimit.TooLarge tooLarge = cause(thrown, BodyLimit.TooLarge.class);
        if (tooLarge != null) {
            return answer(Problem.of(413, String.valueOf(tooLarge.getMessage()), null), null);
        }
        if (thrown instanceof ProcessingException
                && UNWRITTEN.matcher(String.valueOf(thrown.getMessage())).find()) {
            return unexpected(thrown);
        }
        if (cause(thrown, JsonbException.class) != null
                || cause(thrown, JsonException.class) != null
                || thrown instanceof ProcessingException) {
            return answer(unreadable(thrown), null);
        }
        if (thrown instanceof WebApplicationException refused
                && (refused.getResponse().getStatus() < 500
                        || refused.getResponse().getStatus() == 503)) {
            return refused.getResponse().hasEntity() ? refused.getResponse() : refused(refused);
        }
        if (ACCEPT.matcher(String.valueOf(thrown.getMessage())).find()) {
            return answer(Problem.of(400, "The Accept or the Content-Type header cannot be read.", null), null);
        }
        return unexpected(thrown);
    }

    /** Our own exceptions say what is wrong; the runtime's messages are for its developers. */
    private static Response refused(WebApplicationException refused) {
        int status = refused.getResponse().getStatus();
        String message = refused.getMessage();
        if (message != null && !message.startsWith("RESTEASY") && !message.startsWith("HTTP ")) {
            return answer(Problem.of(status, message, null), refused.getResponse());
        }
        String detail = switch (status) {
            case 401 -> "Log in, or send an API key in the Authorization header.";
            case 403 -> "The caller may not do this.";
            case 404 -> "There is nothing at this address.";
            case 405 -> "This address does not know the request's method.";
            case 406 -> "The answer is application/json, which the Accept header does not admit.";
            case 415 -> "The request's body must be application/json.";
            default -> "The request was refused.";
        };
        return answer(Problem.of(status, detail, null), refused.getResponse());
    }

    /** The body is no JSON, or a value in it does not fit; the path of the value, as far as JSON-B tells it. */
    static Problem unreadable(Throwable thrown) {
        List<String> path = new ArrayList<>();
        Throwable at = thrown;
        for (int depth = 0; at != null && depth < 10; depth++) {
            Matcher property = PROPERTY.matcher(String.valueOf(at.getMessage()));
            if (property.find() && !path.contains(property.group(1))) {
                path.add(property.group(1));
            }
            Matcher word = ENUM.matcher(String.valueOf(at.getMessage()));
            if (path.isEmpty() && word.find()) {
                path.add(Character.toLowerCase(word.group(1).charAt(0))
                        + word.group(1).substring(1));
            }
            at = at.getCause();
        }
        if (path.isEmpty()) {
            return Problem.of(400, "The request's body is not the JSON that is expected here.", null);
        }
        String field = String.join(".", path);
        String what = cause(thrown, ArithmeticException.class) == null
                ? "is not one that is possible here."
                : "has to be a whole number; this is a fraction, or too large.";
        return Problem.of(new Failure.Invalid(field, "The value of \"" + field + "\" " + what));
    }

    private static Response failed(Failure failure) {
        Problem problem = Problem.of(failure);
        if (problem.status() == 503) {
            LOG.log(System.Logger.Level.WARNING, "A request failed: " + failure.getMessage(), failure);
            return answer(
                    problem,
                    Response.status(503)
                            .header(HttpHeaders.RETRY_AFTER, RETRY_SECONDS)
                            .build());
        }
        return problem.status() >= 500 ? unexpected(failure) : answer(problem, null);
    }

    private static Response unexpected(Throwable thrown) {
        String reference = UUID.randomUUID().toString().substring(0, 8);
        LOG.log(System.Logger.Level.ERROR, "A request failed unexpectedly, reference " + reference, thrown);
        return answer(
                Problem.of(
                        500,
                        "This failed unexpectedly; reference " + reference + ".",
                        "The server's log holds the reason under this reference."),
                null);
    }

    private static Response answer(Problem problem, @Nullable Response like) {
        Response.ResponseBuilder response =
                like == null ? Response.status(problem.status()) : Response.fromResponse(like);
        return response.type(Problem.MEDIA_TYPE).entity(problem).build();
    }

    private static <T extends Throwable> @Nullable T cause(Throwable thrown, Class<T> type) {
        Throwable at = thrown;
        for (int depth = 0; at != null && depth < 10; depth++) {
            if (type.isInstance(at)) {
                return type.cast(at);
            }
            at = at.getCause();
        }
        return null;
    }
}
