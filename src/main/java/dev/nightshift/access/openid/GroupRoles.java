package dev.nightshift.access.openid;

import dev.nightshift.access.Grants;
import dev.nightshift.access.Role;
import dev.nightshift.kernel.Name;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.TreeMap;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * Which role a group of the provider's gives: {@code dba=installation-admin, shop-ops=shop:operator}. A comma within a
 * group's name has a backslash before it; an equals sign needs none, for no role has one.
 */
record GroupRoles(List<Rule> rules) {
    static final GroupRoles NONE = new GroupRoles(List.of());

    private static final String INSTALLATION_ADMIN = "installation-admin";
    private static final Pattern COMMA = Pattern.compile("(?<!\\\\),");

    /**
     * A group and what it gives.
     *
     * @param project null for the installation
     */
    record Rule(String group, @Nullable String project, Role role) {}

    GroupRoles {
        rules = List.copyOf(rules);
    }

    /** @throws IllegalArgumentException if it cannot be read; the message says which part */
    static GroupRoles parse(String text) {
        List<Rule> rules = new ArrayList<>();
        for (String part : COMMA.split(text, -1)) {
            if (!part.isBlank()) {
                rules.add(rule(part.strip()));
            }
        }
        return new GroupRoles(rules);
    }

    private static Rule rule(String part) {
        int equals = part.lastIndexOf('=');
        String group = equals < 0 ? "" : part.substring(0, equals).strip().replace("\\,", ",");
        String role = part.substring(equals + 1).strip();
        if (group.isEmpty()) {
            throw new IllegalArgumentException(notARule(part));
        }
        if (role.equals(INSTALLATION_ADMIN)) {
            return new Rule(group, null, Role.ADMIN);
        }
        String[] words = role.split(":", -1);
        try {
            if (words.length == 2 && words[1].equals(words[1].toLowerCase(Locale.ROOT))) {
                Role given = Role.valueOf(words[1].toUpperCase(Locale.ROOT));
                if (!given.isOfLog()) {
                    return new Rule(group, new Name(words[0]).toString(), given);
                }
            }
        } catch (IllegalArgumentException | dev.nightshift.kernel.Failure.Invalid e) {
            throw new IllegalArgumentException(notARule(part), e);
        }
        throw new IllegalArgumentException(notARule(part));
    }

    private static String notARule(String part) {
        return "\"" + part + "\" is no group with a role, such as dba=installation-admin or shop-ops=shop:operator"
                + " (viewer, operator or admin)";
    }

    /** What all of the groups together give: of two roles in a project the larger one. */
    Grants of(Collection<String> groups) {
        boolean installationAdmin = false;
        Map<String, Role> projects = new TreeMap<>();
        for (Rule rule : rules) {
            if (groups.contains(rule.group())) {
                if (rule.project() == null) {
                    installationAdmin = true;
                } else {
                    projects.merge(rule.project(), rule.role(), (one, other) -> one.covers(other) ? one : other);
                }
            }
        }
        return new Grants(installationAdmin, projects);
    }
}
