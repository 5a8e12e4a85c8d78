package dev.nightshift.fleet;

import java.util.Comparator;
import java.util.List;
import java.util.Map;
import java.util.Objects;
import java.util.Set;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.jspecify.annotations.Nullable;

/**
 * Which member of a cluster is its primary, judged by what all of them said.
 *
 * @param answers one for each member, in the list's order
 * @param cluster the system identifier that its members have; null if nobody knows it
 * @param primary the one to work on: where none is the primary, the one whose errors tell the most
 * @param found whether it is the primary
 */
record MemberRound(List<MemberAnswer> answers, @Nullable String cluster, Member primary, boolean found) {
    MemberRound {
        answers = List.copyOf(answers);
    }

    /**
     * Judges. Of two primaries the one on the higher timeline is right: every promotion raises it, so the other is one that
     * was primary before and came back.
     *
     * @param known the instance's system identifier; null before the first contact, when the instance's own host is believed, or
     *     where that does not tell one the others, as long as they agree
     * @param before the one that was the primary when last seen, or the instance's own host and port
     * @param timeline that it wrote then: one that is behind is no primary any more, even while the right one is down
     */
    static MemberRound of(List<MemberAnswer> answers, @Nullable String known, Member before, int timeline) {
        String own = answers.get(0).systemIdentifier();
        Set<String> told = told(answers);
        String cluster = known != null
                ? known
                : own != null ? own : told.stream().findFirst().orElse(null);
        if (known == null && own == null && told.size() > 1) {
            return new MemberRound(answers, null, before, false);
        }
        return answers.stream()
                .filter(answer -> answer.isPrimary() && answer.isOf(cluster) && answer.timeline() >= timeline)
                .max(Comparator.comparingInt(MemberAnswer::timeline)
                        .thenComparing(answer -> answer.member().equals(before)))
                .map(answer -> new MemberRound(answers, cluster, answer.member(), true))
                .orElseGet(() -> new MemberRound(answers, cluster, before, false));
    }

    private static Set<String> told(List<MemberAnswer> answers) {
        return answers.stream()
                .map(MemberAnswer::systemIdentifier)
                .filter(Objects::nonNull)
                .collect(Collectors.toSet());
    }

    /** Whether all have answered, as servers of one cluster. */
    static boolean agree(List<MemberAnswer> answers) {
        return told(answers).size() == 1 && answers.stream().allMatch(answer -> answer.systemIdentifier() != null);
    }

    /**
     * Why nothing may be worked on; null where the primary was found, and where the one that errors speak of did not answer: what
     * connects to it says so better.
     */
    @Nullable
    String refusal() {
        if (found || answer(primary).allMatch(answer -> answer.standing() == null)) {
            return null;
        }
        return "No member is the primary of the cluster: "
                + answers.stream().map(this::words).collect(Collectors.joining("; ")) + ".";
    }

    private String words(MemberAnswer answer) {
        String words = answer.words();
        String found = words != null
                ? "does not answer (" + words + ")"
                : strangers().contains(answer.member())
                        ? "is of another cluster"
                        : answer.isPrimary() ? "is a primary on timeline " + answer.timeline() : "is a standby";
        return answer.member() + " " + found;
    }

    /** The timeline that the primary writes; 0 where none was found. */
    int timeline() {
        return found ? answer(primary).map(MemberAnswer::timeline).findFirst().orElse(0) : 0;
    }

    /** Members of the cluster that say they are the primary, and are not taken for it. */
    List<MemberAnswer> pretenders() {
        return answers.stream()
                .filter(answer -> answer.isPrimary() && answer.isOf(cluster) && !isTaken(answer.member()))
                .toList();
    }

    /** The timelines of the members that say they are the primary too; none where nobody knows which cluster it is. */
    Map<String, Integer> rivals() {
        return cluster == null
                ? Map.of()
                : pretenders().stream()
                        .collect(Collectors.toMap(answer -> answer.member().toString(), MemberAnswer::timeline));
    }

    /**
     * Members that answer, and of which none is a second primary: standbys and strangers. The one that is taken for the primary too
     * where all answer, and it alone says so: it may be the wrong one otherwise.
     */
    Set<String> clear() {
        boolean alone = found && pretenders().isEmpty() && answers.stream().allMatch(each -> each.standing() != null);
        return answers.stream()
                .filter(answer -> answer.standing() != null)
                .filter(answer -> alone || !answer.isPrimary() || !answer.isOf(cluster))
                .map(answer -> answer.member().toString())
                .collect(Collectors.toSet());
    }

    /** Servers that answer, and are not of the cluster. */
    List<Member> strangers() {
        return answers.stream()
                .filter(answer -> answer.standing() != null && !answer.isOf(cluster))
                .map(MemberAnswer::member)
                .toList();
    }

    private boolean isTaken(Member member) {
        return found && member.equals(primary);
    }

    /** What somebody has to look at; null if nothing. */
    @Nullable
    String warning() {
        String words = Stream.of(
                        words(
                                pretenders().stream().map(MemberAnswer::member).toList(),
                                "another primary of the cluster answers at "),
                        words(strangers(), "a server of another cluster answers at "))
                .filter(Objects::nonNull)
                .collect(Collectors.joining("; "));
        return words.isEmpty() ? null : words;
    }

    private static @Nullable String words(List<Member> members, String before) {
        return members.isEmpty()
                ? null
                : before + members.stream().map(Member::toString).collect(Collectors.joining(", "));
    }

    private Stream<MemberAnswer> answer(Member member) {
        return answers.stream().filter(answer -> answer.member().equals(member));
    }
}
