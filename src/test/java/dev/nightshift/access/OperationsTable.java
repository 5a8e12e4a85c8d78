package dev.nightshift.access;

import java.util.Map;
import java.util.TreeMap;

/**
 * Whom each operation of the OpenAPI document serves, and what it answers to them with no body and made-up ids, so that nothing
 * happens.
 */
final class OperationsTable {
    /** Whom an operation serves. */
    enum Needs {
        NOBODY,
        LOGIN,
        VIEWER,
        OPERATOR,
        ADMIN,
        /** A key that reads log, or an admin. */
        LOG_READER,
        /** A key that ships log, or an admin. */
        LOG_SHIPPER,
        INSTALLATION,
        /** Of a project, whose own people hear that it takes more. */
        INSTALLATION_WITHIN
    }

    /** The answer to whoever may, and to whoever would have to be the installation's admin. */
    record Row(Needs needs, int answer, int refused) {}

    static final Map<String, Row> ROWS = new TreeMap<>();

    private static void row(String operation, Needs needs, int answer) {
        row(operation, needs, answer, 403);
    }

    private static void row(String operation, Needs needs, int answer, int refused) {
        ROWS.put(operation, new Row(needs, answer, refused));
    }

    static {
        String project = "/api/projects/{project}";
        row("POST /api/login", Needs.NOBODY, 400);
        row("GET /api/login", Needs.NOBODY, 200);
        row("GET /api/login/openid", Needs.NOBODY, 404);
        row("GET /api/login/openid/callback", Needs.NOBODY, 404);
        row("POST /api/logout", Needs.LOGIN, 204);
        row("GET /api/me", Needs.LOGIN, 200);
        row("PUT /api/me/password", Needs.LOGIN, 403);
        row("GET /api/sessions", Needs.LOGIN, 200);
        row("DELETE /api/sessions", Needs.LOGIN, 403);
        row("DELETE /api/sessions/{session}", Needs.LOGIN, 404);
        row("GET /api/jobs", Needs.LOGIN, 200);
        row("GET /api/projects", Needs.LOGIN, 200);
        row("POST /api/projects", Needs.INSTALLATION, 400);
        row("GET " + project, Needs.VIEWER, 200);
        row("DELETE " + project, Needs.INSTALLATION_WITHIN, 400);
        row("GET " + project + "/deleted", Needs.ADMIN, 200);
        row("POST " + project + "/deleted/{id}/restore", Needs.ADMIN, 404);
        row("GET " + project + "/retention", Needs.VIEWER, 200);
        row("PUT " + project + "/retention", Needs.ADMIN, 200);
        row("GET /api/deleted-projects", Needs.INSTALLATION, 200);
        row("POST /api/deleted-projects/{name}/restore", Needs.INSTALLATION, 404);
        row("GET " + project + "/overview", Needs.VIEWER, 200);
        row("GET " + project + "/instances", Needs.VIEWER, 200);
        row("POST " + project + "/instances", Needs.ADMIN, 400);
        row("GET " + project + "/instances/{instance}", Needs.VIEWER, 404);
        row("PUT " + project + "/instances/{instance}", Needs.ADMIN, 404);
        row("DELETE " + project + "/instances/{instance}", Needs.ADMIN, 404);
        row("PUT " + project + "/backups/{id}/hold", Needs.OPERATOR, 400);
        row("DELETE " + project + "/backups/{id}/hold", Needs.ADMIN, 404);
        row("GET " + project + "/instances/{instance}/wal", Needs.VIEWER, 404);
        row("PUT " + project + "/instances/{instance}/wal", Needs.ADMIN, 404);
        row("GET " + project + "/instances/{instance}/wal/{file}", Needs.LOG_READER, 404);
        row("PUT " + project + "/instances/{instance}/wal/{file}", Needs.LOG_SHIPPER, 404);
        row("POST " + project + "/instances/{instance}/wal-check", Needs.OPERATOR, 404);
        row("DELETE " + project + "/instances/{instance}/slots/{slot}", Needs.ADMIN, 404);
        row("GET " + project + "/instances/{instance}/adopted-backups", Needs.VIEWER, 404);
        row("PUT " + project + "/instances/{instance}/adopted-backups/{tool}", Needs.OPERATOR, 404);
        row("DELETE " + project + "/instances/{instance}/adopted-backups/{tool}", Needs.OPERATOR, 404);
        row("GET " + project + "/adopted-backups", Needs.VIEWER, 200);
        row("GET " + project + "/databases", Needs.VIEWER, 200);
        row("POST " + project + "/databases", Needs.ADMIN, 400);
        row("GET " + project + "/databases/{database}", Needs.VIEWER, 404);
        row("PUT " + project + "/databases/{database}", Needs.ADMIN, 404);
        row("DELETE " + project + "/databases/{database}", Needs.ADMIN, 404);
        row("POST " + project + "/databases/{database}/check", Needs.OPERATOR, 404);
        row("POST " + project + "/databases/{database}/restore-plan", Needs.VIEWER, 404);
        row("GET " + project + "/databases/{database}/drills", Needs.VIEWER, 404);
        row("GET " + project + "/databases/{database}/recovery-window", Needs.VIEWER, 404);
        row("POST " + project + "/check", Needs.OPERATOR, 400);
        row("GET " + project + "/runs", Needs.VIEWER, 200);
        row("POST " + project + "/runs", Needs.OPERATOR, 400);
        row("GET " + project + "/runs/last", Needs.VIEWER, 400);
        row("POST " + project + "/runs/stop", Needs.OPERATOR, 400);
        row("POST " + project + "/runs/restart", Needs.OPERATOR, 400);
        row("GET " + project + "/runs/{id}", Needs.VIEWER, 404);
        row("GET " + project + "/runs/{id}/log", Needs.VIEWER, 404);
        row("POST " + project + "/runs/{id}/stop", Needs.OPERATOR, 404);
        row("POST " + project + "/runs/{id}/restart", Needs.OPERATOR, 404);
        row("POST " + project + "/runs/{id}/declare-dead", Needs.OPERATOR, 404);
        row("GET " + project + "/backups", Needs.VIEWER, 200);
        row("GET " + project + "/backups/{id}", Needs.VIEWER, 404);
        row("GET " + project + "/backups/{id}/evidence", Needs.VIEWER, 404);
        row("GET " + project + "/backups/{id}/objects", Needs.VIEWER, 404);
        row("POST " + project + "/recovery-key", Needs.ADMIN, 200);
        row("POST " + project + "/recovery-kit", Needs.ADMIN, 400);
        row("POST /api/recovery-kit/import", Needs.INSTALLATION, 400);
        row("GET " + project + "/keys", Needs.VIEWER, 200);
        row("POST " + project + "/keys/rotate", Needs.ADMIN, 200);
        row("DELETE " + project + "/keys/{id}", Needs.ADMIN, 404);
        row("GET " + project + "/findings", Needs.VIEWER, 200);
        row("GET " + project + "/deletion-requests", Needs.VIEWER, 200);
        row("GET " + project + "/deletion-requests/{id}", Needs.VIEWER, 404);
        row("POST " + project + "/deletion-requests/{id}/approve", Needs.ADMIN, 404);
        row("POST " + project + "/deletion-requests/{id}/refuse", Needs.ADMIN, 404);
        row("GET " + project + "/two-person-deletion", Needs.VIEWER, 200);
        row("PUT " + project + "/two-person-deletion", Needs.ADMIN, 400);
        row("GET " + project + "/policies", Needs.VIEWER, 200);
        row("POST " + project + "/policies", Needs.ADMIN, 400);
        row("GET " + project + "/policies/{policy}", Needs.VIEWER, 404);
        row("PUT " + project + "/policies/{policy}", Needs.ADMIN, 404);
        row("DELETE " + project + "/policies/{policy}", Needs.ADMIN, 404);
        row("POST " + project + "/policies/simulate", Needs.OPERATOR, 400);
        row("GET " + project + "/schedules", Needs.VIEWER, 200);
        row("POST " + project + "/schedules", Needs.OPERATOR, 400);
        row("POST /api/schedules/preview", Needs.LOGIN, 422);
        row("POST " + project + "/schedules/{schedule}/pause", Needs.OPERATOR, 404);
        row("POST " + project + "/schedules/{schedule}/resume", Needs.OPERATOR, 404);
        row("GET " + project + "/pause", Needs.VIEWER, 200);
        row("PUT " + project + "/pause", Needs.OPERATOR, 400);
        row("DELETE " + project + "/pause", Needs.OPERATOR, 409);
        row("GET /api/pause", Needs.LOGIN, 200);
        row("PUT /api/pause", Needs.INSTALLATION, 400);
        row("DELETE /api/pause", Needs.INSTALLATION, 409);
        row("GET " + project + "/blackouts", Needs.VIEWER, 200);
        row("POST " + project + "/blackouts", Needs.OPERATOR, 400);
        row("DELETE " + project + "/blackouts/{blackout}", Needs.OPERATOR, 404);
        row("GET " + project + "/calendar", Needs.VIEWER, 200);
        row("GET " + project + "/windows", Needs.VIEWER, 200);
        row("POST " + project + "/windows", Needs.ADMIN, 400);
        row("PUT " + project + "/windows/{window}", Needs.ADMIN, 404);
        row("DELETE " + project + "/windows/{window}", Needs.ADMIN, 404);
        row("GET " + project + "/schedules/{schedule}", Needs.VIEWER, 404);
        row("PUT " + project + "/schedules/{schedule}", Needs.OPERATOR, 404);
        row("DELETE " + project + "/schedules/{schedule}", Needs.OPERATOR, 404);
        row("GET " + project + "/members", Needs.VIEWER, 200);
        row("PUT " + project + "/members/{person}", Needs.ADMIN, 400);
        row("DELETE " + project + "/members/{person}", Needs.ADMIN, 404);
        row("GET /api/nodes", Needs.INSTALLATION, 200);
        row("POST /api/nodes/{id}/drain", Needs.INSTALLATION, 404);
        row("POST /api/nodes/{id}/resume", Needs.INSTALLATION, 404);
        row("GET /api/repository/backup", Needs.INSTALLATION, 200);
        row("GET /api/stores", Needs.LOGIN, 200);
        row("POST /api/stores", Needs.INSTALLATION, 400);
        row("PUT /api/stores/{name}", Needs.INSTALLATION, 404);
        row("DELETE /api/stores/{name}", Needs.INSTALLATION, 404);
        row("POST /api/stores/{name}/check", Needs.INSTALLATION, 404);
        row("GET /api/stores/{name}/loss", Needs.INSTALLATION, 404);
        row("PUT /api/stores/{name}/loss", Needs.INSTALLATION, 404);
        row("DELETE /api/stores/{name}/loss", Needs.INSTALLATION, 404);
        row("GET /api/support", Needs.INSTALLATION, 200);
        row("GET /api/people", Needs.INSTALLATION, 200);
        row("POST /api/people", Needs.INSTALLATION, 400);
        row("GET /api/people/{person}", Needs.INSTALLATION, 404);
        row("PUT /api/people/{person}", Needs.INSTALLATION, 404);
        row("DELETE /api/people/{person}", Needs.INSTALLATION, 404);
        row("PUT /api/people/{person}/openid", Needs.INSTALLATION, 400);
        row("GET /api/people/{person}/data", Needs.INSTALLATION, 404);
        row("DELETE /api/people/{person}/data", Needs.INSTALLATION, 404);
        row("GET /api/keys", Needs.LOGIN, 200);
        row("POST /api/keys", Needs.LOGIN, 400);
        row("DELETE /api/keys/{key}", Needs.LOGIN, 404);
        row("GET /api/audit", Needs.INSTALLATION, 200, 400);
        row("GET /api/audit/export", Needs.INSTALLATION, 200, 400);
    }

    private OperationsTable() {}
}
