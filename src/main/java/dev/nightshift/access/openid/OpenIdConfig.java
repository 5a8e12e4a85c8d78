package dev.nightshift.access.openid;

import dev.nightshift.access.LocalLogin;
import dev.nightshift.kernel.Trust;
import dev.nightshift.kernel.TypedSettings;
import java.io.IOException;
import java.net.URI;
import java.net.URISyntaxException;
import java.nio.file.Files;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.security.GeneralSecurityException;
import java.util.List;
import java.util.Optional;
import javax.net.ssl.SSLContext;

/**
 * How people log in by an OpenID provider; docs/reference/configuration.md lists the settings. Environment variables have
 * the same names in upper case with underscores: {@code NIGHTSHIFT_OIDC_ISSUER}.
 *
 * @param issuer {@code nightshift.oidc.issuer}: the provider's https address, as its ID tokens name it
 * @param name {@code nightshift.oidc.name}: what the login page calls it; "single sign-on"
 * @param clientId {@code nightshift.oidc.client.id}
 * @param clientSecret {@code nightshift.oidc.client.secret}, or the file that {@code nightshift.oidc.client.secret.file}
 *     names
 * @param redirectUri {@code nightshift.oidc.redirect.uri}: where the provider leads back to, exactly as it knows it
 * @param scopes {@code nightshift.oidc.scopes}: "openid profile"
 * @param nameClaim {@code nightshift.oidc.name.claim}: holds the login name; preferred_username
 * @param groupsClaim {@code nightshift.oidc.groups.claim}: holds the groups; groups
 * @param groups {@code nightshift.oidc.groups}: which role a group gives
 * @param trust {@code nightshift.oidc.root.certificate}: a PEM file of the authorities that the provider's certificate must
 *     come from; otherwise those of the JVM
 */
public record OpenIdConfig(
        String issuer,
        String name,
        String clientId,
        String clientSecret,
        URI redirectUri,
        List<String> scopes,
        String nameClaim,
        String groupsClaim,
        GroupRoles groups,
        SSLContext trust) {
    /** The end of every redirect URI. */
    static final String CALLBACK = "/api/login/openid/callback";

    private static final String PREFIX = "nightshift.oidc.";
    private static final String ISSUER = PREFIX + "issuer";
    private static final int LONGEST_NAME = 40;

    /**
     * Reads the settings; empty if no issuer is set.
     *
     * @throws IllegalArgumentException if something cannot be used; the message names the setting
     */
    public static Optional<OpenIdConfig> of(TypedSettings settings) {
        Optional<String> issuer = settings.text(ISSUER);
        localLogin(settings, issuer.isPresent());
        if (issuer.isEmpty()) {
            for (String other : List.of("client.id", "client.secret", "client.secret.file", "redirect.uri", "groups")) {
                if (settings.text(PREFIX + other).isPresent()) {
                    throw new IllegalArgumentException(
                            ISSUER + " is needed with " + TypedSettings.variable(PREFIX + other));
                }
            }
            return Optional.empty();
        }
        return Optional.of(new OpenIdConfig(
                issuer(issuer.get()),
                name(settings),
                needed(settings, "client.id"),
                clientSecret(settings),
                redirectUri(settings),
                scopes(settings),
                settings.text(PREFIX + "name.claim").orElse("preferred_username"),
                settings.text(PREFIX + "groups.claim").orElse("groups"),
                groups(settings),
                trust(settings)));
    }

    private static void localLogin(TypedSettings settings, boolean openId) {
        String local = settings.text(LocalLogin.SETTING).orElse("true");
        if (!local.equalsIgnoreCase("true") && !local.equalsIgnoreCase("false")) {
            throw new IllegalArgumentException(LocalLogin.SETTING + " is \"" + local + "\": it must be true or false");
        }
        if (local.equalsIgnoreCase("false") && !openId) {
            throw new IllegalArgumentException(LocalLogin.SETTING + " is false, but " + TypedSettings.variable(ISSUER)
                    + " is not set: nobody could log in");
        }
    }

    private static String issuer(String text) {
        URI uri = https(ISSUER, text);
        if (uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new IllegalArgumentException(ISSUER + " has a query or a fragment: an issuer has neither");
        }
        return text;
    }

    private static URI https(String setting, String text) {
        try {
            URI uri = new URI(text);
            if ("https".equals(uri.getScheme()) && uri.getHost() != null && uri.getRawUserInfo() == null) {
                return uri;
            }
        } catch (URISyntaxException e) {
            throw new IllegalArgumentException(setting + " is \"" + text + "\": it must be an https address", e);
        }
        throw new IllegalArgumentException(setting + " is \"" + text + "\": it must be an https address");
    }

    private static String name(TypedSettings settings) {
        String name = settings.text(PREFIX + "name").orElse("single sign-on");
        if (name.length() > LONGEST_NAME) {
            throw new IllegalArgumentException(PREFIX + "name has more than " + LONGEST_NAME + " characters");
        }
        return name;
    }

    private static String needed(TypedSettings settings, String name) {
        return settings.text(PREFIX + name)
                .orElseThrow(() -> new IllegalArgumentException(
                        PREFIX + name + " is needed with " + TypedSettings.variable(ISSUER)));
    }

    private static String clientSecret(TypedSettings settings) {
        String setting = PREFIX + "client.secret";
        Optional<String> file = settings.text(setting + ".file");
        if (file.isEmpty()) {
            return needed(settings, "client.secret");
        }
        if (settings.text(setting).isPresent()) {
            throw new IllegalArgumentException(
                    setting + " and " + TypedSettings.variable(setting + ".file") + " are both set: set one");
        }
        try {
            String secret = Files.readString(Path.of(file.get())).strip();
            if (!secret.isEmpty()) {
                return secret;
            }
        } catch (IOException | InvalidPathException e) {
            throw new IllegalArgumentException(setting + ".file points to " + file.get() + ", which cannot be read", e);
        }
        throw new IllegalArgumentException(setting + ".file points to " + file.get() + ", which is empty");
    }

    private static URI redirectUri(TypedSettings settings) {
        String setting = PREFIX + "redirect.uri";
        URI uri = https(setting, needed(settings, "redirect.uri"));
        if (!CALLBACK.equals(uri.getPath()) || uri.getRawQuery() != null || uri.getRawFragment() != null) {
            throw new IllegalArgumentException(setting + " must be the console's address with " + CALLBACK
                    + " behind it, such as https://nightshift.example.com" + CALLBACK);
        }
        return uri;
    }

    private static List<String> scopes(TypedSettings settings) {
        List<String> scopes = List.of(
                settings.text(PREFIX + "scopes").orElse("openid profile").split("\\s+"));
        if (!scopes.contains("openid")) {
            throw new IllegalArgumentException(PREFIX + "scopes does not contain openid");
        }
        return scopes;
    }

    private static GroupRoles groups(TypedSettings settings) {
        try {
            return settings.text(PREFIX + "groups").map(GroupRoles::parse).orElse(GroupRoles.NONE);
        } catch (IllegalArgumentException e) {
            throw new IllegalArgumentException(PREFIX + "groups cannot be read: " + e.getMessage(), e);
        }
    }

    private static SSLContext trust(TypedSettings settings) {
        String setting = PREFIX + "root.certificate";
        Optional<String> file = settings.text(setting);
        try {
            return file.isEmpty() ? Trust.usual() : Trust.in(Path.of(file.get()));
        } catch (IOException | GeneralSecurityException | InvalidPathException e) {
            throw new IllegalArgumentException(
                    setting + " points to " + file.orElse("nothing") + ", which cannot be read as certificates in PEM",
                    e);
        }
    }

    /** Without the secret. */
    @Override
    public String toString() {
        return "OpenIdConfig[" + issuer + ", " + clientId + "]";
    }
}
