package dev.nightshift.fleet;

import dev.nightshift.kernel.Failure;
import dev.nightshift.postgres.Endpoint;
import dev.nightshift.postgres.TargetPools;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Set;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * One server of an instance's cluster: its primary or one of its standbys.
 *
 * @param host name or address, an IPv6 one without brackets
 * @param port 1 to 65535
 */
record Member(String host, int port) {
    /** Beside the instance's own host and port. */
    static final int MOST = 7;

    /** Without brackets, a colon stands before the port and nowhere else. */
    private static final Pattern TEXT =
            Pattern.compile("(?:\\[([0-9A-Fa-f.]*:[0-9A-Fa-f:.]*)]|([^:\\[\\]]+))(?::([0-9]{1,5}))?");

    /**
     * Holds what was entered against the rules.
     *
     * @param members each {@code host:port}, {@code [IPv6]:port}, or without a port, which is the instance's then; null for
     *     none
     * @return as entered
     * @throws Failure.Invalid naming the one that breaks a rule: {@code members[1]}
     */
    static List<String> checked(String host, int port, @Nullable List<String> members) {
        if (members == null) {
            return List.of();
        }
        if (members.size() > MOST) {
            throw new Failure.Invalid("members", "At most " + MOST + " further members.");
        }
        Set<Member> known = new HashSet<>(Set.of(new Member(host, port).comparable()));
        for (int i = 0; i < members.size(); i++) {
            String field = field(i);
            Member member = parsed(field, members.get(i), port);
            if (!known.add(member.comparable())) {
                throw new Failure.Invalid(field, member + " is named twice; the instance's own host and port count.");
            }
        }
        return List.copyOf(members);
    }

    /** All servers of the cluster, the instance's own host and port first. */
    static List<Member> all(String host, int port, List<String> members) {
        List<Member> all = new ArrayList<>(List.of(new Member(host, port)));
        for (int i = 0; i < members.size(); i++) {
            all.add(parsed(field(i), members.get(i), port));
        }
        return List.copyOf(all);
    }

    static String field(int index) {
        return "members[" + index + "]";
    }

    // JSON may hold null in a list
    private static Member parsed(String field, @Nullable String text, int usualPort) {
        Matcher matcher = TEXT.matcher(text == null ? "" : text);
        if (!matcher.matches()) {
            throw new Failure.Invalid(
                    field,
                    "A member is written host:port, or host alone where the port is the instance's; an IPv6 address stands in"
                            + " brackets.");
        }
        String host = matcher.group(1) == null ? matcher.group(2) : matcher.group(1);
        int port = matcher.group(3) == null ? usualPort : Integer.parseInt(matcher.group(3));
        return new Member(Checks.host(field, host), Checks.port(field, port));
    }

    /** Names of hosts do not tell capitals from small letters. */
    private Member comparable() {
        String bare = host.startsWith("[") && host.endsWith("]") ? host.substring(1, host.length() - 1) : host;
        return new Member(bare.toLowerCase(Locale.ROOT), port);
    }

    /** The same login and database on this server. */
    Endpoint at(Endpoint login) {
        return login.at(host, port);
    }

    /** {@code host:port}, as breakers and pools name it. */
    @Override
    public String toString() {
        return TargetPools.instance(host, port);
    }
}
