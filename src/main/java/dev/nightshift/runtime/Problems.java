package dev.nightshift.runtime;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Problem;
import jakarta.json.JsonException;
import jakarta.json.bind.JsonbException;
import jakarta.ws.rs.ProcessingException;
import jakarta.ws.rs.WebApplicationException;
import jakarta.ws.rs.core.Response;
import jakarta.ws.rs.ext.ExceptionMapper;
import jakarta.ws.rs.ext.Provider;
import org.jspecify.annotations.Nullable;

/** Turns whatever a resource throws into a problem document; what nobody expected is logged, and said without its text. */
@Provider
public class Problems implements ExceptionMapper<Throwable> {
    private static final System.Logger LOG = System.getLogger(Problems.class.getName());

    @Override
    public Response toResponse(Throwable thrown) {
        Failure failure = cause(thrown, Failure.class);
        if (failure != null) {
            return failed(failure);
        }
        if (cause(thrown, JsonbException.class) != null
                || cause(thrown, JsonException.class) != null
                || thrown instanceof ProcessingException) {
            return answer(Problem.of(400, "The request's body is not the JSON that is expected here.", null), null);
        }
        if (thrown instanceof WebApplicationException refused
                && refused.getResponse().getStatus() < 500) {
            return refused.getResponse().hasEntity() ? refused.getResponse() : refused(refused);
        }
        LOG.log(System.Logger.Level.ERROR, "A request failed unexpectedly", thrown);
        return answer(Problem.of(500, "This failed unexpectedly; the server's log holds the reason.", null), null);
    }

    private static Response refused(WebApplicationException refused) {
        int status = refused.getResponse().getStatus();
        String detail = switch (status) {
            case 404 -> "There is nothing at this address.";
            case 405 -> "This address does not know the request's method.";
            case 415 -> "The request's body must be application/json.";
            default -> "The request was refused.";
        };
        return answer(Problem.of(status, detail, null), refused.getResponse());
    }

    private static Response failed(Failure failure) {
        Problem problem = Problem.of(failure);
        if (problem.status() >= 500) {
            LOG.log(System.Logger.Level.WARNING, "A request failed: " + failure.getMessage(), failure);
        }
        return answer(problem, null);
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
