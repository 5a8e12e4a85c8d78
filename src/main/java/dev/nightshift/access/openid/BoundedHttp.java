package dev.nightshift.access.openid;

import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.oauth2.sdk.http.HTTPRequestSender;
import com.nimbusds.oauth2.sdk.http.HTTPResponse;
import com.nimbusds.oauth2.sdk.http.ReadOnlyHTTPRequest;
import com.nimbusds.oauth2.sdk.http.ReadOnlyHTTPResponse;
import dev.nightshift.kernel.BoundedExchange;
import java.io.IOException;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.time.Duration;
import javax.net.ssl.SSLContext;

/**
 * Asks the provider over HTTPS, for a limited time and to a limited length, and follows no redirect: a provider that is
 * slow, broken or hostile holds up one login and nothing else.
 */
final class BoundedHttp implements HTTPRequestSender {
    static final Duration LONGEST = Duration.ofSeconds(10);

    /** Providers with many keys or claims stay far below. */
    static final int MOST_BYTES = 1024 * 1024;

    private final HttpClient client;
    private final Duration longest;

    BoundedHttp(SSLContext trust, Duration longest) {
        this.longest = longest;
        this.client = HttpClient.newBuilder()
                .sslContext(trust)
                .connectTimeout(longest)
                .followRedirects(HttpClient.Redirect.NEVER)
                .build();
    }

    @Override
    public ReadOnlyHTTPResponse send(ReadOnlyHTTPRequest asked) throws IOException {
        if (!"https".equals(asked.getURI().getScheme())) {
            throw new IOException("It is not an https address: " + asked.getURI());
        }
        HttpRequest.Builder request = HttpRequest.newBuilder(asked.getURI()).timeout(longest);
        asked.getHeaderMap().forEach((name, values) -> values.forEach(value -> request.header(name, value)));
        String body = asked.getBody();
        request.method(
                asked.getMethod().name(),
                body == null
                        ? HttpRequest.BodyPublishers.noBody()
                        : HttpRequest.BodyPublishers.ofString(body, StandardCharsets.UTF_8));
        HttpResponse<byte[]> response = BoundedExchange.send(client, request.build(), longest, MOST_BYTES);
        HTTPResponse answered = new HTTPResponse(response.statusCode());
        try {
            String type = response.headers().firstValue("Content-Type").orElse(null);
            if (type != null) {
                answered.setContentType(type);
            }
        } catch (ParseException e) {
            throw new IOException("Its answer has no content type that can be read.", e);
        }
        answered.setBody(new String(response.body(), StandardCharsets.UTF_8));
        return answered;
    }
}
