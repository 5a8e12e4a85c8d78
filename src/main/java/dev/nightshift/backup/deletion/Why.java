package dev.nightshift.backup.deletion;

import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import org.jspecify.annotations.Nullable;

/** Why somebody asks for a deletion: {@code ?why=} of whichever request it was. */
@RequestScoped
public class Why {
    @Inject
    private HttpServletRequest request;

    @Nullable
    String asked() {
        String why = request.getParameter("why");
        return why == null || why.isBlank() ? null : why.strip();
    }
}
