package dev.nightshift.runtime;

import dev.nightshift.kernel.Page;
import java.math.BigDecimal;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.regex.Pattern;
import org.eclipse.microprofile.openapi.OASFactory;
import org.eclipse.microprofile.openapi.OASFilter;
import org.eclipse.microprofile.openapi.models.OpenAPI;
import org.eclipse.microprofile.openapi.models.Operation;
import org.eclipse.microprofile.openapi.models.PathItem;
import org.eclipse.microprofile.openapi.models.media.Schema;
import org.eclipse.microprofile.openapi.models.parameters.Parameter;
import org.eclipse.microprofile.openapi.models.security.SecurityScheme;

/** Completes the OpenAPI document by what holds for every operation: path parameters, login and problem documents. */
public class ApiDocument implements OASFilter {
    private static final Pattern PATH_PARAMETER = Pattern.compile("\\{(\\w+)\\}");

    private static final Map<String, String> PROBLEMS = Map.of(
            "400", "The request breaks a rule; the problem names the field",
            "401", "No login, or one that has ended",
            "403", "The login's role does not allow this",
            "404", "No such object, or the login may not know of it",
            "503", "The repository database is away; try again");

    @Override
    public void filterOpenAPI(OpenAPI document) {
        document.setInfo(
                OASFactory.createInfo()
                        .title("Nightshift")
                        .version(dev.nightshift.job.Version.current())
                        .description(
                                "The night crew for a fleet of PostgreSQL databases. Errors are application/problem+json (RFC"
                                        + " 9457); lists answer {\"items\":[…],\"next\":key} and take ?limit= and ?after=key."));
        document.getComponents()
                .addSecurityScheme(
                        "key",
                        OASFactory.createSecurityScheme()
                                .type(SecurityScheme.Type.HTTP)
                                .scheme("bearer")
                                .description("An API key"))
                .addSecurityScheme(
                        "session",
                        OASFactory.createSecurityScheme()
                                .type(SecurityScheme.Type.APIKEY)
                                .in(SecurityScheme.In.COOKIE)
                                .name("__Host-nightshift")
                                .description("The console's login"));
        document.getComponents().addSchema("Problem", problem());
        document.security(List.of(
                OASFactory.createSecurityRequirement().addScheme("key"),
                OASFactory.createSecurityRequirement().addScheme("session")));
        document.getPaths().getPathItems().forEach((path, item) -> {
            for (Operation operation : item.getOperations().values()) {
                completeParameters(path, item, operation);
                describeLimit(operation);
                PROBLEMS.forEach((status, text) -> {
                    if (!operation.getResponses().hasAPIResponse(status)) {
                        operation.getResponses().addAPIResponse(status, response(text));
                    }
                });
            }
        });
        document.getPaths().getPathItems().forEach((path, item) -> {
            if (path.equals("/api/login") || path.startsWith("/api/login/")) {
                // Nobody can be logged in before
                item.getOperations().values().forEach(operation -> operation.setSecurity(List.of()));
            }
        });
    }

    /** The resources read it as text, so that it is our answer that names the field. */
    private static void describeLimit(Operation operation) {
        List<Parameter> own = operation.getParameters();
        if (own == null) {
            return;
        }
        for (Parameter parameter : own) {
            if (parameter.getIn() == Parameter.In.QUERY && parameter.getName().equals("limit")) {
                Object usual = parameter.getSchema().getDefaultValue();
                parameter.setSchema(OASFactory.createSchema()
                        .addType(Schema.SchemaType.INTEGER)
                        .minimum(BigDecimal.ONE)
                        .maximum(BigDecimal.valueOf(Page.MAX))
                        .defaultValue(usual == null ? Page.USUAL : Integer.valueOf(usual.toString())));
            }
        }
    }

    private static Schema problem() {
        return OASFactory.createSchema()
                .addType(Schema.SchemaType.OBJECT)
                .description("What went wrong and what to do (RFC 9457)")
                .addProperty("type", text())
                .addProperty("title", text())
                .addProperty("status", OASFactory.createSchema().addType(Schema.SchemaType.INTEGER))
                .addProperty("detail", text())
                .addProperty("field", text().description("The field of the request, as the caller spelled it"))
                .addProperty("remedy", text().description("What to do about it"));
    }

    private static Schema text() {
        return OASFactory.createSchema().addType(Schema.SchemaType.STRING);
    }

    private static org.eclipse.microprofile.openapi.models.responses.APIResponse response(String description) {
        return OASFactory.createAPIResponse()
                .description(description)
                .content(OASFactory.createContent()
                        .addMediaType(
                                "application/problem+json",
                                OASFactory.createMediaType()
                                        .schema(OASFactory.createSchema().ref("#/components/schemas/Problem"))));
    }

    /** Sub-resources take {project} from the request's path in one filter, not in each method's signature. */
    private static void completeParameters(String path, PathItem item, Operation operation) {
        var known = new ArrayList<String>();
        List<Parameter> own = operation.getParameters();
        if (own != null) {
            own.stream()
                    .filter(p -> p.getIn() == Parameter.In.PATH)
                    .map(Parameter::getName)
                    .forEach(known::add);
        }
        if (item.getParameters() != null) {
            item.getParameters().stream().map(Parameter::getName).forEach(known::add);
        }
        var names = PATH_PARAMETER.matcher(path);
        while (names.find()) {
            String name = names.group(1);
            if (!known.contains(name)) {
                operation.addParameter(OASFactory.createParameter()
                        .name(name)
                        .in(Parameter.In.PATH)
                        .required(true)
                        .description("The " + name + "'s name")
                        .example(
                                name.equals("project") || name.equals("database") || name.equals("instance")
                                        ? "demo"
                                        : null)
                        .schema(text()));
            }
        }
    }
}
