package dev.nightshift.backup.expiry;

import java.time.Duration;
import java.time.Instant;
import java.time.ZoneId;
import java.time.ZonedDateTime;
import java.time.temporal.IsoFields;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.function.Function;
import org.jspecify.annotations.Nullable;

/**
 * What a rule says of an instance's backups, of each cluster by itself. Whatever the rule: the newest whole one stays, the newest
 * that is proven restorable, what is on hold, and what any of those needs.
 */
public final class ExpiryPlan {
    private final List<Verdict> verdicts;

    private ExpiryPlan(List<Verdict> verdicts) {
        this.verdicts = List.copyOf(verdicts);
    }

    /**
     * A backup as far as it matters here.
     *
     * @param cluster what it is of, its system identifier for one: another cluster at the same address stands in for nothing
     *     of this one, nor does a logical backup for a physical one
     * @param whole its source was not damaged, and no proof speaks against it
     * @param proven it was restored in a drill, and nothing speaks against it since
     * @param hold why somebody wants it to stay; null if nobody does
     * @param chain those that its restore needs, itself last
     */
    public record Kept(
            UUID id,
            String cluster,
            Instant endedAt,
            boolean whole,
            boolean proven,
            @Nullable String hold,
            List<UUID> chain) {
        public Kept {
            chain = List.copyOf(chain);
        }
    }

    /**
     * What becomes of a backup.
     *
     * @param because why it stays, each reason a part of a sentence; empty if it goes
     */
    public record Verdict(Kept backup, List<String> because) {
        public Verdict {
            because = List.copyOf(because);
        }

        public boolean stays() {
            return !because.isEmpty();
        }
    }

    /**
     * Judges.
     *
     * @param backups all of one instance that are kept, in any order
     * @param zone in which days, weeks, months and years begin
     */
    public static ExpiryPlan of(List<Kept> backups, KeepRule rule, Instant now, ZoneId zone) {
        List<Kept> newestFirst = new ArrayList<>(backups);
        newestFirst.sort((a, b) -> {
            int byTime = b.endedAt().compareTo(a.endedAt());
            return byTime != 0 ? byTime : b.id().compareTo(a.id());
        });
        Map<UUID, List<String>> reasons = new LinkedHashMap<>();
        newestFirst.stream().map(Kept::cluster).distinct().forEach(cluster -> {
            List<Kept> its = newestFirst.stream()
                    .filter(each -> each.cluster().equals(cluster))
                    .toList();
            reasons.putAll(judged(its, rule, now, zone));
        });
        return new ExpiryPlan(newestFirst.stream()
                .map(each -> new Verdict(each, reasons.getOrDefault(each.id(), List.of())))
                .toList());
    }

    private static Map<UUID, List<String>> judged(List<Kept> newestFirst, KeepRule rule, Instant now, ZoneId zone) {
        Judge judge = new Judge(newestFirst, zone);
        judge.protectedOnes();
        judge.window(rule.days(), now);
        judge.count(rule.count());
        judge.each(rule.daily(), "day", ZonedDateTime::toLocalDate);
        judge.each(
                rule.weekly(),
                "week",
                at -> at.get(IsoFields.WEEK_BASED_YEAR) + "-" + at.get(IsoFields.WEEK_OF_WEEK_BASED_YEAR));
        judge.each(rule.monthly(), "month", at -> at.getYear() + "-" + at.getMonthValue());
        judge.each(rule.yearly(), "year", ZonedDateTime::getYear);
        judge.needed();
        return judge.reasons;
    }

    /** Of every backup, the newest first. */
    public List<Verdict> verdicts() {
        return verdicts;
    }

    /** Those that go, the longest chains first: none of them is needed by one that comes after it, whatever the clocks said. */
    public List<Kept> going() {
        return verdicts.stream()
                .filter(verdict -> !verdict.stays())
                .map(Verdict::backup)
                .sorted(Comparator.comparing((Kept each) -> each.chain().size()).reversed())
                .toList();
    }

    private static final class Judge {
        private final List<Kept> newestFirst;
        private final List<Kept> whole;
        private final ZoneId zone;
        private final Map<UUID, List<String>> reasons = new LinkedHashMap<>();

        Judge(List<Kept> newestFirst, ZoneId zone) {
            this.newestFirst = newestFirst;
            this.whole = newestFirst.stream().filter(Kept::whole).toList();
            this.zone = zone;
        }

        private void keep(Kept backup, String because) {
            reasons.computeIfAbsent(backup.id(), id -> new ArrayList<>()).add(because);
        }

        void protectedOnes() {
            whole.stream().findFirst().ifPresent(each -> keep(each, "it is the newest"));
            // Ids are in the order in which backups were begun, by whichever node's clock
            whole.stream()
                    .max(Comparator.comparing(each -> each.id().toString()))
                    .filter(each -> !reasons.containsKey(each.id()))
                    .ifPresent(each -> keep(each, "it was begun last"));
            whole.stream()
                    .filter(Kept::proven)
                    .findFirst()
                    .ifPresent(each -> keep(each, "it is the newest that is proven restorable"));
            for (Kept each : newestFirst) {
                if (each.hold() != null) {
                    keep(each, "it is on hold: " + each.hold());
                }
                // Whoever looks into the damage may want it, and nothing newer stands in for it yet
                if (!each.whole()
                        && (whole.isEmpty()
                                || each.endedAt().isAfter(whole.get(0).endedAt()))) {
                    keep(each, "no whole backup is newer");
                }
            }
        }

        void window(int days, Instant now) {
            if (days == 0) {
                return;
            }
            Instant begin = now.minus(Duration.ofDays(days));
            for (Kept each : newestFirst) {
                if (!each.endedAt().isBefore(begin)) {
                    keep(each, "it is not older than " + days + (days == 1 ? " day" : " days"));
                }
            }
            whole.stream()
                    .filter(each -> each.endedAt().isBefore(begin))
                    .findFirst()
                    .ifPresent(each -> keep(each, "the window of " + days + " days begins after it"));
        }

        void count(int count) {
            whole.stream().limit(count).forEach(each -> keep(each, "it is one of the newest " + count));
        }

        void each(int periods, String name, Function<ZonedDateTime, Object> period) {
            Set<Object> seen = new HashSet<>();
            for (Kept each : whole) {
                if (seen.size() == periods) {
                    return;
                }
                if (seen.add(period.apply(each.endedAt().atZone(zone)))) {
                    keep(each, "it is the newest of its " + name);
                }
            }
        }

        /** What a kept one is built on: chains name all of them, so once is enough. */
        void needed() {
            for (Kept each : List.copyOf(newestFirst)) {
                if (!reasons.containsKey(each.id())) {
                    continue;
                }
                for (Kept other : newestFirst) {
                    if (!other.id().equals(each.id())
                            && each.chain().contains(other.id())
                            && !reasons.containsKey(other.id())) {
                        keep(other, "backup " + each.id() + " needs it");
                    }
                }
            }
        }
    }
}
