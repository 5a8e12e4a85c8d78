package dev.nightshift.job;

import jakarta.inject.Inject;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import java.io.IOException;
import org.junit.jupiter.api.function.Executable;

/** Tries to start a batch job as whoever sends the request: answers who that is, and how each way ended. */
@WebServlet("/as-caller")
public class AsCaller extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Inject
    private BatchCaller caller;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response) throws IOException {
        String attempt = request.getParameter("attempt");
        response.getWriter().println(request.getUserPrincipal().getName());
        response.getWriter().println(refusal(() -> BatchRuntimeIT.start(attempt)));
        response.getWriter().println(refusal(() -> caller.start("vacuum", attempt, false)));
    }

    private static String refusal(Executable start) {
        try {
            start.execute();
            return "admitted";
        } catch (Throwable refused) {
            return refused.getClass().getName();
        }
    }
}
