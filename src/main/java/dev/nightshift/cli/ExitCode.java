package dev.nightshift.cli;

/** What a command ends with. Scripts rely on the numbers. */
enum ExitCode {
    DONE(0, "Done. With --wait: the run completed."),
    NOT_COMPLETED(1, "The run ended otherwise than COMPLETED, or a database's check found a failure."),
    WRONG_USAGE(2, "Wrong usage, or a value that the server does not take."),
    NOT_ALLOWED(3, "No login, a wrong key, or a role that is too small."),
    NOT_FOUND(4, "No such project, run, schedule, database, backup or node."),
    NOT_REACHABLE(
            5,
            "The server cannot be reached, refuses for now, or has a fault. A run that was asked for may have been made: look before you ask again."),
    CONFLICT(6, "Not possible as things are, such as a restart of a completed run."),
    NOT_WRITTEN(7, "The output could not be written.");

    private final int number;
    private final String meaning;

    ExitCode(int number, String meaning) {
        this.number = number;
        this.meaning = meaning;
    }

    int number() {
        return number;
    }

    String meaning() {
        return meaning;
    }

    /** What an answer means that is none of 2xx. */
    static ExitCode ofStatus(int status) {
        return switch (status) {
            case 400, 413, 422 -> WRONG_USAGE;
            case 401, 403 -> NOT_ALLOWED;
            case 404 -> NOT_FOUND;
            case 409 -> CONFLICT;
            default -> NOT_REACHABLE;
        };
    }
}
