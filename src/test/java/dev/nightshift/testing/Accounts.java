package dev.nightshift.testing;

import jakarta.json.Json;
import jakarta.json.JsonObjectBuilder;
import java.util.Objects;
import java.util.UUID;

/** Callers with a role in a project, made over REST: programs with a key, and people in a browser. */
public final class Accounts {
    /** Of everybody that it makes. */
    public static final String PASSWORD = "a-long-enough-password";

    private Accounts() {}

    /** A program with a new key. */
    public static Api key(Nightshift nightshift, String project, String role) {
        return Api.at(nightshift.https())
                .withKey(nightshift
                        .admin()
                        .post(
                                "api/keys",
                                Json.createObjectBuilder()
                                        .add("name", "test-" + UUID.randomUUID())
                                        .add("project", project)
                                        .add("role", role)
                                        .build())
                        .expect(201)
                        .object()
                        .getString("key"));
    }

    /** The login name of somebody new, without any role. */
    public static String person(Nightshift nightshift, boolean installationAdmin) {
        String name = "p" + UUID.randomUUID();
        JsonObjectBuilder person = Json.createObjectBuilder()
                .add("name", name)
                .add("password", PASSWORD)
                .add("installationAdmin", installationAdmin);
        nightshift.admin().post("api/people", person.build()).expect(201);
        return name;
    }

    /** Somebody new with a role in a project, as their browser sends what our own page asks for. */
    public static Api member(Nightshift nightshift, String project, String role) {
        String name = person(nightshift, false);
        nightshift
                .admin()
                .put(
                        "api/projects/" + project + "/members/" + name,
                        Json.createObjectBuilder().add("role", role).build())
                .expect(200);
        return browser(nightshift, name, PASSWORD);
    }

    /** Logs in, and sends the cookie as a browser does. */
    public static Api browser(Nightshift nightshift, String name, String password) {
        Api page = Api.at(nightshift.https()).with("Sec-Fetch-Site", "same-origin");
        return page.with("Cookie", cookie(login(page, name, password)));
    }

    /** What logging in answers; 200, or an AssertionError. */
    public static Api.Answer login(Api page, String name, String password) {
        return page.post(
                        "api/login",
                        Json.createObjectBuilder()
                                .add("name", name)
                                .add("password", password)
                                .build())
                .expect(200);
    }

    /** The cookie that an answer sets, as the browser sends it back: {@code name=value}. */
    public static String cookie(Api.Answer login) {
        return Objects.requireNonNull(login.header("Set-Cookie"), "Set-Cookie").split(";", -1)[0];
    }
}
