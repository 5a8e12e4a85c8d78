package dev.nightshift.runtime;

import dev.nightshift.kernel.Problem;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;

/**
 * Answers for the server where it refuses a request by itself, before or behind REST: an address or a header that it cannot
 * read. Its own page is HTML that names classes. Only error dispatches get here: {@link Edge} knows no such address.
 */
@WebServlet(urlPatterns = "/refused")
public class Refused extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void service(HttpServletRequest request, HttpServletResponse response) throws IOException {
        int status = request.getAttribute(RequestDispatcher.ERROR_STATUS_CODE) instanceof Integer code ? code : 404;
        Edge.headers(request, response);
        response.setHeader("Cache-Control", "no-store");
        Edge.refuse(response, Problem.of(status, detail(status), null));
    }

    private static String detail(int status) {
        return switch (status) {
            case 400 -> "The request's address or one of its headers cannot be read.";
            case 404 -> "There is nothing at this address.";
            case 405 -> "This address does not know the request's method.";
            default ->
                status < 500
                        ? "The request was refused."
                        : "This failed unexpectedly; the server's log has the reason.";
        };
    }
}
