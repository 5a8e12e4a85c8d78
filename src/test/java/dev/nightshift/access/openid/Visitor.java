package dev.nightshift.access.openid;

import dev.nightshift.testing.Api;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.net.HttpCookie;
import java.net.URI;
import java.net.URLEncoder;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import org.jspecify.annotations.Nullable;

/** Goes the way to the provider and back step by step, as a browser would, so that a test can meddle with each. */
final class Visitor {
    private static final Pattern FORM = Pattern.compile("<form[^>]* action=\"([^\"]+)\"");

    private final URI nightshift;

    /** By host and port, then name; paths do not matter here. */
    private final Map<String, Map<String, String>> cookies = new HashMap<>();

    Visitor(URI nightshift) {
        this.nightshift = nightshift;
    }

    /** An answer, not followed. */
    record Step(URI asked, HttpResponse<String> response) {
        /** Where it leads. */
        URI next() {
            return asked.resolve(response.headers()
                    .firstValue("Location")
                    .orElseThrow(() -> new AssertionError(asked + " answered " + response.statusCode() + " and leads"
                            + " nowhere: " + response.body())));
        }

        List<String> setCookies() {
            return response.headers().allValues("Set-Cookie");
        }
    }

    /** The way to the provider's login, as Nightshift tells it. */
    URI begin(@Nullable String from) {
        String query = from == null ? "" : "?from=" + URLEncoder.encode(from, StandardCharsets.UTF_8);
        return get(nightshift.resolve("/api/login/openid" + query)).next();
    }

    /** Logs in at the provider; where it leads back to, not gone yet. */
    URI logInAtProvider(URI address, String account) {
        URI at = get(address).next();
        Matcher form = FORM.matcher(get(at).response().body());
        if (!form.find()) {
            throw new AssertionError("No form at " + at);
        }
        URI next = send(URI.create(form.group(1)), "prompt=login&login=" + account + "&password=any")
                .next();
        while (!next.getPath().equals(OpenIdConfig.CALLBACK)) {
            next = get(next).next();
        }
        return next;
    }

    /** The whole way; the last answer of Nightshift's. */
    Step logIn(String account) {
        return get(logInAtProvider(begin(null), account));
    }

    Step get(URI address) {
        return send(address, null);
    }

    private Step send(URI address, @Nullable String form) {
        HttpRequest.Builder request = HttpRequest.newBuilder(address).timeout(Duration.ofSeconds(60));
        Map<String, String> mine = cookies.computeIfAbsent(address.getAuthority(), host -> new TreeMap<>());
        if (!mine.isEmpty()) {
            request.header("Cookie", cookie(mine));
        }
        if (form != null) {
            request.header("Content-Type", "application/x-www-form-urlencoded")
                    .POST(HttpRequest.BodyPublishers.ofString(form));
        }
        try {
            HttpResponse<String> response = Api.client().send(request.build(), HttpResponse.BodyHandlers.ofString());
            for (String header : response.headers().allValues("Set-Cookie")) {
                HttpCookie cookie = HttpCookie.parse(header).get(0);
                if (cookie.getMaxAge() == 0 || cookie.getValue().isEmpty()) {
                    mine.remove(cookie.getName());
                } else {
                    mine.put(cookie.getName(), cookie.getValue());
                }
            }
            return new Step(address, response);
        } catch (IOException e) {
            throw new UncheckedIOException(address + ": " + e.getMessage(), e);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException(e);
        }
    }

    private static String cookie(Map<String, String> mine) {
        return mine.entrySet().stream()
                .map(each -> each.getKey() + "=" + each.getValue())
                .collect(Collectors.joining("; "));
    }

    Map<String, String> cookiesOfNightshift() {
        return Objects.requireNonNull(cookies.get(nightshift.getAuthority()));
    }

    /** As REST's caller with these cookies, from our own page. */
    Api api() {
        return Api.at(nightshift).with("Cookie", cookie(cookiesOfNightshift())).with("Sec-Fetch-Site", "same-origin");
    }
}
