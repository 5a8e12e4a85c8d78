package dev.nightshift.access.openid;

import org.jspecify.annotations.Nullable;

/** A login came to nothing. The message is for the log: it tells no code, token or secret. */
final class LoginFailed extends Exception {
    private static final long serialVersionUID = 1L;
    private final LoginProblem problem;

    LoginFailed(LoginProblem problem, String message, @Nullable Throwable cause) {
        super(message, cause);
        this.problem = problem;
    }

    LoginProblem problem() {
        return problem;
    }
}
