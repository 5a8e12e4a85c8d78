package dev.nightshift.testing;

import jakarta.json.JsonObject;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.UUID;
import java.util.function.UnaryOperator;
import java.util.regex.Pattern;

/** What a running product says of its own operations, so that a test of all of them cannot leave one out. */
public final class OpenApi {
    private static final Pattern PARAMETER = Pattern.compile("\\{(\\w+)}");

    private static final Set<String> METHODS = Set.of("get", "put", "post", "delete", "patch", "head", "options");

    private OpenApi() {}

    /** The whole document. */
    public static JsonObject document(Nightshift nightshift) {
        return nightshift.admin().get("openapi?format=JSON").expect(200).object();
    }

    /** Every operation by its name: {@code GET /api/projects/{project}}. */
    public static Map<String, JsonObject> operations(JsonObject document) {
        Map<String, JsonObject> operations = new TreeMap<>();
        document.getJsonObject("paths")
                .forEach((path, item) -> item.asJsonObject().forEach((method, operation) -> {
                    if (METHODS.contains(method)) {
                        operations.put(method.toUpperCase(Locale.ROOT) + " " + path, operation.asJsonObject());
                    }
                }));
        return operations;
    }

    public static String method(String operation) {
        return operation.substring(0, operation.indexOf(' '));
    }

    /** The address with a value for each name in braces, already encoded; relative to the product's root. */
    public static String path(String operation, UnaryOperator<String> values) {
        return PARAMETER
                .matcher(operation.substring(operation.indexOf('/') + 1))
                .replaceAll(found -> java.util.regex.Matcher.quoteReplacement(values.apply(found.group(1))));
    }

    /** The address of something in a project that does not exist. */
    public static String path(String operation, String project) {
        return path(operation, name -> switch (name) {
            case "project" -> project;
            case "id", "key" -> UUID.randomUUID().toString();
            default -> "nobody";
        });
    }

    /** The schemas of the parameters behind the question mark, by name. */
    public static Map<String, JsonObject> query(JsonObject operation) {
        Map<String, JsonObject> found = new TreeMap<>();
        if (operation.containsKey("parameters")) {
            for (JsonObject parameter : operation.getJsonArray("parameters").getValuesAs(JsonObject.class)) {
                if (parameter.getString("in").equals("query")) {
                    found.put(parameter.getString("name"), parameter.getJsonObject("schema"));
                }
            }
        }
        return found;
    }
}
