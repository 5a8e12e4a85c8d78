package dev.nightshift.access.openid;

import com.nimbusds.oauth2.sdk.ParseException;
import com.nimbusds.openid.connect.sdk.AuthenticationResponse;
import com.nimbusds.openid.connect.sdk.AuthenticationResponseParser;
import dev.nightshift.access.Arrivals;
import dev.nightshift.access.LocalLogin;
import dev.nightshift.access.LoginLimit;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Problem;
import jakarta.enterprise.context.RequestScoped;
import jakarta.inject.Inject;
import jakarta.servlet.http.HttpServletRequest;
import jakarta.ws.rs.CookieParam;
import jakarta.ws.rs.GET;
import jakarta.ws.rs.Path;
import jakarta.ws.rs.Produces;
import jakarta.ws.rs.QueryParam;
import jakarta.ws.rs.core.Context;
import jakarta.ws.rs.core.HttpHeaders;
import jakarta.ws.rs.core.MediaType;
import jakarta.ws.rs.core.Response;
import java.net.URI;
import java.net.URLEncoder;
import java.nio.charset.StandardCharsets;
import java.util.Optional;
import org.eclipse.microprofile.openapi.annotations.Operation;
import org.eclipse.microprofile.openapi.annotations.responses.APIResponse;
import org.eclipse.microprofile.openapi.annotations.tags.Tag;
import org.jspecify.annotations.Nullable;

/** Which logins there are, and the way to the OpenID provider and back. The browser itself goes it, not a script. */
@Path("/")
@RequestScoped
@Produces(MediaType.APPLICATION_JSON)
@Tag(name = "Access")
public class OpenIdResource {
    private static final System.Logger LOG = System.getLogger(OpenIdResource.class.getName());

    private static final String COOKIE = "__Host-nightshift-openid";

    /** Lax: it has to come along when the provider's page leads back here. */
    private static final String ATTRIBUTES = "; Path=/; Secure; HttpOnly; SameSite=Lax";

    private static final int LONGEST_ANSWER = 8192;

    @Inject
    private OpenId openId;

    @Inject
    private Arrivals arrivals;

    @Inject
    private LocalLogin local;

    @Inject
    private LoginLimit limit;

    @Inject
    private Clock clock;

    @Context
    @SuppressWarnings("NullAway.Init")
    private HttpServletRequest request;

    /** A login by a provider, and what it is called. */
    public record OpenIdLogin(String name) {}

    /**
     * How one may log in.
     *
     * @param local by name and password
     * @param openId null where there is no provider
     * @param problem what the asked-for code means; null without one
     */
    public record Logins(
            boolean local,
            @Nullable OpenIdLogin openId,
            @Nullable Problem problem) {}

    /** For the login page, which an OpenID login that came to nothing leads back to with a code. */
    @GET
    @Path("login")
    @Operation(summary = "Which logins there are")
    public Logins logins(@QueryParam("problem") @Nullable String code) {
        return new Logins(
                local.allowed(),
                openId.config().map(config -> new OpenIdLogin(config.name())).orElse(null),
                LoginProblem.of(code)
                        .map(problem -> Problem.of(401, problem.detail(), problem.remedy()))
                        .orElse(null));
    }

    @GET
    @Path("login/openid")
    @Operation(summary = "Go to the OpenID provider to log in")
    @APIResponse(responseCode = "303", description = "To the provider, or back to the login page with a problem")
    public Response begin(@QueryParam("from") @Nullable String from) {
        Attempt attempt = Attempt.begin(from, clock.now());
        try {
            URI address = provider().address(attempt);
            return to(address.toString())
                    .header(
                            HttpHeaders.SET_COOKIE,
                            COOKIE + "=" + attempt.value() + "; Max-Age=" + Attempt.LONGEST.toSeconds() + ATTRIBUTES)
                    .build();
        } catch (LoginFailed e) {
            return failed(e, attempt.from());
        }
    }

    /** Opens a session. Its cookie is SameSite=Strict, and our page, unlike the provider's, sends it along. */
    @GET
    @Path("login/openid/callback")
    @Operation(summary = "Come back from the OpenID provider; the answer sets the session cookie")
    @APIResponse(responseCode = "303", description = "To the console, or to its login page with a problem")
    public Response callback(@CookieParam(COOKIE) @Nullable String cookie) {
        Provider provider = provider();
        Optional<Attempt> attempt = Attempt.of(cookie, clock.now());
        try {
            AuthenticationResponse answer = answer();
            if (attempt.isEmpty()
                    || answer.getState() == null
                    || !attempt.get().isOf(answer.getState().getValue())) {
                throw new LoginFailed(LoginProblem.UNKNOWN, "no login with this state is under way here", null);
            }
            String session = letIn(provider, attempt.get(), answer);
            return to(attempt.get().from())
                    .header(HttpHeaders.SET_COOKIE, session)
                    .header(HttpHeaders.SET_COOKIE, over())
                    .build();
        } catch (LoginFailed e) {
            return failed(e, attempt.map(Attempt::from).orElse("/"));
        }
    }

    private String letIn(Provider provider, Attempt attempt, AuthenticationResponse answer) throws LoginFailed {
        String address = request.getRemoteAddr();
        // Each login is an account of its own here: the address alone is counted against
        String account = "openid " + attempt.state();
        try {
            if (!limit.attempt(account, address).isZero()) {
                throw new LoginFailed(LoginProblem.LIMIT, "too many failed logins from " + address, null);
            }
            Told told = provider.redeem(attempt, answer);
            OpenIdConfig config = openId.config().orElseThrow();
            String session = arrivals.letIn(
                    new Arrivals.Arrival(
                            config.issuer(),
                            told.subject(),
                            told.name(),
                            told.displayName(),
                            config.groups().of(told.groups())),
                    address,
                    request.getHeader(HttpHeaders.USER_AGENT));
            limit.forgive(account);
            return session;
        } catch (Arrivals.Refused e) {
            throw new LoginFailed(LoginProblem.valueOf(e.why().name()), "who came is not let in", e);
        } catch (Failure.Retryable e) {
            throw new LoginFailed(LoginProblem.UNAVAILABLE, e.getMessage(), e);
        }
    }

    /** Under the redirect URI that the provider knows, whatever this server is called in between. */
    private AuthenticationResponse answer() throws LoginFailed {
        String query = request.getQueryString();
        if (query == null || query.length() > LONGEST_ANSWER) {
            throw new LoginFailed(LoginProblem.UNKNOWN, "nothing that a provider answers came along", null);
        }
        URI redirect = openId.config().orElseThrow().redirectUri();
        try {
            return AuthenticationResponseParser.parse(URI.create(redirect + "?" + query));
        } catch (ParseException | IllegalArgumentException e) {
            throw new LoginFailed(LoginProblem.UNKNOWN, "what came along cannot be read", null);
        }
    }

    private Provider provider() {
        return openId.provider()
                .orElseThrow(() -> new Failure.NotFound("There is no login by an OpenID provider here."));
    }

    private static Response failed(LoginFailed failure, String from) {
        LOG.log(System.Logger.Level.WARNING, "An OpenID login failed: {0}", failure.getMessage());
        String back = from.equals("/") ? "" : "&from=" + URLEncoder.encode(from, StandardCharsets.UTF_8);
        return to("/login?problem=" + failure.problem().code() + back)
                .header(HttpHeaders.SET_COOKIE, over())
                .build();
    }

    /** A login is tried once: going back in the browser does not try it again. */
    private static String over() {
        return COOKIE + "=; Max-Age=0" + ATTRIBUTES;
    }

    /** By hand: JAX-RS would put the request's host before a path. */
    private static Response.ResponseBuilder to(String address) {
        return Response.status(Response.Status.SEE_OTHER).header(HttpHeaders.LOCATION, address);
    }
}
