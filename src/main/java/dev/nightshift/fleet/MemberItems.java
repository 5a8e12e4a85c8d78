package dev.nightshift.fleet;

import dev.nightshift.postgres.CheckReport.Item;
import dev.nightshift.postgres.CheckReport.State;
import java.util.List;
import org.jspecify.annotations.Nullable;

/** What the test of a connection says of each member of the cluster. */
final class MemberItems {
    private static final String STRANGER_REMEDY = "Take it off the list, or correct it: it is not worked on.";
    private static final String PRETENDER_REMEDY =
            "Stop it, and make it a standby of the other: what is written there is not archived.";
    private static final String SILENT_REMEDY =
            "Nothing while it is down on purpose. A failover to it is followed only where it can be reached and lets the role"
                    + " log in.";

    private MemberItems() {}

    /** One for each, named {@code member.<host>:<port>}; none of them fails the test. */
    static List<Item> of(MemberRound round) {
        return round.answers().stream().map(answer -> item(round, answer)).toList();
    }

    private static Item item(MemberRound round, MemberAnswer answer) {
        if (answer.standing() == null) {
            return item(answer, State.WARNING, String.valueOf(answer.words()), SILENT_REMEDY);
        }
        if (round.strangers().contains(answer.member())) {
            String own = answer.systemIdentifier();
            String found = own == null
                    ? "does not tell of which cluster it is"
                    : "a server of another cluster: its system identifier is " + own + ", not " + round.cluster();
            return item(answer, State.WARNING, found, STRANGER_REMEDY);
        }
        if (round.pretenders().contains(answer)) {
            String found = "says that it is the primary too, on timeline " + answer.timeline();
            return item(answer, State.WARNING, found, PRETENDER_REMEDY);
        }
        String found = answer.isPrimary() ? "the primary, on timeline " + answer.timeline() : "a standby";
        return item(answer, State.OK, found, null);
    }

    private static Item item(MemberAnswer answer, State state, String found, @Nullable String remedy) {
        return new Item("member." + answer.member(), "Member " + answer.member(), state, found, remedy);
    }
}
