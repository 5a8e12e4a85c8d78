package dev.nightshift.runtime;

import dev.nightshift.access.Authentication;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Problem;
import jakarta.servlet.RequestDispatcher;
import jakarta.servlet.ServletContext;
import jakarta.servlet.ServletException;
import jakarta.servlet.ServletOutputStream;
import jakarta.servlet.WriteListener;
import jakarta.servlet.annotation.WebServlet;
import jakarta.servlet.http.HttpServlet;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.servlet.http.HttpServletResponse;
import jakarta.servlet.http.HttpServletResponseWrapper;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintWriter;
import java.nio.charset.StandardCharsets;
import org.eclipse.microprofile.config.ConfigProvider;
import org.jspecify.annotations.Nullable;

/**
 * {@code /openapi} for whoever is logged in. The server's own module makes the document and asks for no login, so the
 * launcher has it listen at an address that nobody can guess, which only this class goes to.
 */
@WebServlet(urlPatterns = "/openapi")
public class ApiDocumentPage extends HttpServlet {
    private static final long serialVersionUID = 1L;

    @Override
    protected void doGet(HttpServletRequest request, HttpServletResponse response)
            throws ServletException, IOException {
        response.setHeader("Cache-Control", "no-store");
        try {
            if (Authentication.of(request).isEmpty()) {
                response.setHeader("WWW-Authenticate", "Bearer");
                Edge.refuse(response, Problem.of(401, "Log in, or send an API key in the Authorization header.", null));
                return;
            }
        } catch (Failure.Retryable away) {
            Edge.refuse(response, Problem.of(away));
            return;
        }
        ServletContext module = getServletContext().getContext(address());
        RequestDispatcher document = module == null ? null : module.getRequestDispatcher("/");
        if (document == null) {
            Edge.refuse(response, Problem.of(503, "The description of the API is not made yet; try again.", null));
            return;
        }
        Kept kept = new Kept(response);
        document.include(request, kept);
        kept.flushBuffer();
        response.setContentType(kept.type);
        response.getOutputStream().write(kept.bytes.toByteArray());
    }

    /** What the module answers. Forwarded to, it never ends an answer over HTTP/2 that began as HTTP/1.1. */
    private static final class Kept extends HttpServletResponseWrapper {
        private final ByteArrayOutputStream bytes = new ByteArrayOutputStream();
        private final PrintWriter writer = new PrintWriter(bytes, false, StandardCharsets.UTF_8);
        private String type = "text/plain; charset=UTF-8";

        private Kept(HttpServletResponse response) {
            super(response);
        }

        @Override
        public void setContentType(@Nullable String given) {
            if (given != null) {
                type = given;
            }
        }

        @Override
        public PrintWriter getWriter() {
            return writer;
        }

        @Override
        public void flushBuffer() {
            writer.flush();
        }

        @Override
        public ServletOutputStream getOutputStream() {
            return new ServletOutputStream() {
                @Override
                public void write(int next) {
                    bytes.write(next);
                }

                @Override
                public boolean isReady() {
                    return true;
                }

                @Override
                public void setWriteListener(WriteListener listener) {
                    throw new IllegalStateException("The document is written at once.");
                }
            };
        }
    }

    private static String address() {
        return "/" + ConfigProvider.getConfig().getValue("nightshift.openapi", String.class);
    }
}
