package dev.nightshift.vault.kms;

import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.TypedSettings;
import java.nio.file.InvalidPathException;
import java.nio.file.Path;
import java.util.Optional;
import java.util.function.Function;
import java.util.regex.Pattern;

/**
 * Which key of which service, and what opens the service to us. Of AWS the SDK finds that itself.
 *
 * @param variable the variable that the URI came in, for what is said of it
 * @param uri NIGHTSHIFT_MASTER_KEY_URI, checked
 * @param token NIGHTSHIFT_KMS_TOKEN: for the transit engine
 * @param tokenFile NIGHTSHIFT_KMS_TOKEN_FILE: a file that holds it, read for each request
 * @param namespace NIGHTSHIFT_KMS_NAMESPACE: of the transit engine
 * @param rootCertificate NIGHTSHIFT_KMS_ROOT_CERTIFICATE: PEM file of those who alone may have signed the transit engine's certificate
 */
public record KmsConfig(
        String variable,
        String uri,
        Optional<String> token,
        Optional<Path> tokenFile,
        Optional<String> namespace,
        Optional<Path> rootCertificate) {
    /** Of the key in use. */
    public static final String IN_USE = "nightshift.";

    /** Of the key that an exchange is to bring. */
    public static final String NEW = "nightshift.new.";

    static final Pattern AWS = Pattern.compile(
            "aws-kms://(?<arn>arn:aws[a-z-]*:kms:(?<region>[a-z0-9-]{1,40}):\\d{12}:(key|alias)/[A-Za-z0-9:/_-]{1,256})");
    static final Pattern TRANSIT =
            Pattern.compile("vault(?<plain>\\+http)?://(?<host>[A-Za-z0-9.-]{1,253}|\\[[0-9A-Fa-f:]+])"
                    + "(:(?<port>\\d{1,5}))?/(?<mount>[A-Za-z0-9_-][A-Za-z0-9._-]*(/[A-Za-z0-9_-][A-Za-z0-9._-]*){0,8})/"
                    + "(?<key>[A-Za-z0-9_][A-Za-z0-9._-]{0,254})");
    private static final Pattern LOOPBACK = Pattern.compile("127\\.\\d{1,3}\\.\\d{1,3}\\.\\d{1,3}|localhost|\\[::1]");

    /**
     * Reads the settings of one of both.
     *
     * @param prefix {@link #IN_USE} or {@link #NEW}
     * @param setting their values by their names; an empty one counts as not set
     * @return empty if no URI is set
     * @throws Failure.Invalid if they cannot be used; the message begins with the variable's name
     */
    public static Optional<KmsConfig> of(String prefix, Function<String, Optional<String>> setting) {
        TypedSettings settings = new TypedSettings(setting);
        String variable = TypedSettings.variable(prefix + "master.key.uri");
        Optional<String> uri = settings.text(prefix + "master.key.uri");
        if (uri.isEmpty()) {
            return Optional.empty();
        }
        KmsConfig config = new KmsConfig(
                variable,
                uri.get(),
                settings.text(prefix + "kms.token"),
                file(settings, prefix + "kms.token.file"),
                settings.text(prefix + "kms.namespace"),
                file(settings, prefix + "kms.root.certificate"));
        config.check(prefix);
        return Optional.of(config);
    }

    /** The launcher and the server work in different folders. */
    private static Optional<Path> file(TypedSettings settings, String name) {
        String variable = TypedSettings.variable(name);
        return settings.text(name).map(text -> {
            try {
                Path file = Path.of(text);
                if (file.isAbsolute()) {
                    return file;
                }
                throw new Failure.Invalid(variable, variable + " must be an absolute path.");
            } catch (InvalidPathException e) {
                throw new Failure.Invalid(variable, variable + " is no path.");
            }
        });
    }

    private void check(String prefix) {
        if (isAws()) {
            return;
        }
        var transit = TRANSIT.matcher(uri);
        if (!transit.matches()) {
            throw new Failure.Invalid(
                    variable,
                    variable + " must look like aws-kms://arn:aws:kms:<region>:<account>:key/<id> or"
                            + " vault://<host>:<port>/<mount of the transit engine>/<key>.");
        }
        boolean plain = transit.group("plain") != null;
        if (plain && !LOOPBACK.matcher(transit.group("host")).matches()) {
            throw new Failure.Invalid(
                    variable,
                    variable + " is not encrypted on its way: vault+http:// may lead to this machine's loopback only.");
        }
        String tokenVariable = TypedSettings.variable(prefix + "kms.token");
        if (token.isPresent() && tokenFile.isPresent()) {
            throw new Failure.Invalid(
                    tokenVariable, tokenVariable + " and " + tokenVariable + "_FILE are both set: set one.");
        }
        if (token.isEmpty() && tokenFile.isEmpty() && !plain) {
            throw new Failure.Invalid(
                    tokenVariable, tokenVariable + " or " + tokenVariable + "_FILE is needed with " + variable + ".");
        }
    }

    /** Whether the SDK's own settings are needed: the variables that begin with AWS_. */
    public boolean isAws() {
        return AWS.matcher(uri).matches();
    }

    /** Says where the key lies, not what opens the way to it. */
    @Override
    public String toString() {
        return "KmsConfig[" + uri + "]";
    }
}
