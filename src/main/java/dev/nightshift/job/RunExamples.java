package dev.nightshift.job;

/** What the description of the API says of a request for a run. */
final class RunExamples {
    static final String PARAMETERS =
            "As the job declares them at /api/jobs. The jobs restore and restore-drill take the point as a restore plan does, too:"
                    + " {\"to\": {\"time\": \"…\"}} in place of to and point";

    static final String BACKUP = "{\"job\":\"backup\",\"databases\":[\"demo\"],\"parameters\":{}}";

    static final String RESTORE = "{\"job\":\"restore\",\"databases\":[\"demo\"],\"parameters\":"
            + "{\"to\":{\"time\":\"2026-02-01T03:04:05Z\"},\"folder\":\"/srv/restore/demo\"}}";

    private RunExamples() {}
}
