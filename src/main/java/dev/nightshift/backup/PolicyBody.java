package dev.nightshift.backup;

import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.backup.policy.Goals;
import dev.nightshift.backup.policy.Policy;
import dev.nightshift.backup.policy.Scheduled;
import dev.nightshift.backup.policy.Work;
import dev.nightshift.kernel.Asked;
import dev.nightshift.kernel.Clock;
import dev.nightshift.kernel.Failure;
import dev.nightshift.kernel.Ids;
import dev.nightshift.kernel.Name;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import org.eclipse.microprofile.openapi.annotations.media.Schema;
import org.jspecify.annotations.Nullable;

/** A policy to be; on a change, what is left out stays, goals, keep, schedules and stores each as a whole. */
@Schema(
        name = "PolicyRequest",
        example = "{\"name\":\"gold\",\"description\":\"what customers pay for\",\"databases\":[\"tag:gold\"],"
                + "\"goals\":{\"rpoSeconds\":300,\"rtoSeconds\":3600,\"proofDays\":7,\"backupHours\":26,\"stores\":2},"
                + "\"keep\":{\"days\":14,\"monthly\":12},\"stores\":[\"local\",\"offsite\"],"
                + "\"schedules\":[{\"work\":\"FULL\",\"cron\":\"0 2 * * *\",\"zone\":\"Europe/Vienna\"}]}")
public record PolicyBody(
        @Nullable String name,
        @Nullable String description,

        @Schema(description = "Whose servers it is for: names, tag: and a tag, or * alone for all") @Nullable
        List<String> databases,

        @Nullable GoalsView goals,
        @Nullable KeepView keep,

        @Schema(description = "What it has done, and when: each is a schedule that belongs to the policy") @Nullable
        List<@Nullable ScheduleView> schedules,

        @Schema(description = "Where its scheduled backups go: taken to the first, copied to the others") @Nullable
        List<@Nullable String> stores) {
    Policy create(Clock clock) {
        return new Policy(
                Ids.next(clock),
                new Name(Objects.requireNonNullElse(name, "")),
                Objects.requireNonNullElse(description, "").strip(),
                Objects.requireNonNullElse(databases, List.of()),
                goals == null ? Goals.NONE : goals.goals(),
                keep == null ? new KeepRule(0, 0, 0, 0, 0, 0) : keep.rule(),
                scheduled(schedules),
                named(stores));
    }

    Policy over(Policy before) {
        return new Policy(
                before.id(),
                before.name(),
                description == null ? before.description() : description.strip(),
                Objects.requireNonNullElse(databases, before.databases()),
                goals == null ? before.goals() : goals.goals(),
                keep == null ? before.keep() : keep.rule(),
                schedules == null ? before.schedules() : scheduled(schedules),
                stores == null ? before.stores() : named(stores));
    }

    /** The goals; what is left out is not wanted. */
    @Schema(name = "PolicyGoals")
    public record GoalsView(
            @Schema(description = "The most that may be lost of what was done last") @Nullable
            Integer rpoSeconds,

            @Schema(description = "The longest until a restored server answers") @Nullable
            Integer rtoSeconds,

            @Schema(description = "The oldest that the newest proof may be; replaces the instance's proofDays")
            @Nullable
            Integer proofDays,

            @Schema(description = "The oldest that the newest good backup may be") @Nullable
            Integer backupHours,

            @Schema(description = "The fewest stores that hold the newest good backup, with all that it needs")
            @Nullable
            Integer stores,

            @Schema(description = "The oldest that the key may be by which the newest good backup opens") @Nullable
            Integer keyDays,

            @Schema(description = "The longest that the project's newest key may be in no recovery kit") @Nullable
            Integer kitHours) {
        static GoalsView of(Goals goals) {
            return new GoalsView(
                    goals.rpoSeconds(),
                    goals.rtoSeconds(),
                    goals.proofDays(),
                    goals.backupHours(),
                    goals.stores(),
                    goals.keyDays(),
                    goals.kitHours());
        }

        Goals goals() {
            return new Goals(rpoSeconds, rtoSeconds, proofDays, backupHours, stores, keyDays, kitHours);
        }
    }

    /** Which backups to keep, as the job expire means it; what is left out keeps none. */
    @Schema(name = "PolicyKeep")
    public record KeepView(
            @Nullable Integer days,
            @Nullable Integer count,
            @Nullable Integer daily,
            @Nullable Integer weekly,
            @Nullable Integer monthly,
            @Nullable Integer yearly) {
        static KeepView of(KeepRule rule) {
            return new KeepView(rule.days(), rule.count(), rule.daily(), rule.weekly(), rule.monthly(), rule.yearly());
        }

        KeepRule rule() {
            return new KeepRule(
                    orNone(days), orNone(count), orNone(daily), orNone(weekly), orNone(monthly), orNone(yearly));
        }

        private static int orNone(@Nullable Integer part) {
            return part == null ? 0 : part;
        }
    }

    /** What it has done, and when. */
    @Schema(name = "PolicyScheduleRequest")
    public record ScheduleView(
            @Schema(description = "Tells it from the policy's others; what it does if left out") @Nullable
            String name,

            @Schema(
                    enumeration = {
                        "FULL",
                        "INCREMENTAL",
                        "DIFFERENTIAL",
                        "LOGICAL",
                        "SCHEMA",
                        "DATA",
                        "DRILL_NEWEST",
                        "DRILL_RANDOM",
                        "DRILL_RANDOM_POINT",
                        "EXPIRE"
                    })
            @Nullable
            String work,

            @Nullable String cron,
            @Nullable String zone,

            @Schema(description = "Days left out: 2026-12-24, or 12-24 for every year") @Nullable
            List<@Nullable String> except,

            @Schema(
                    description =
                            "Of a drill: the store to read from, or each-store for all that have the backup whole, one"
                                    + " after the other; without it as the job restore-drill does")
            @Nullable
            String from,

            @Schema(
                    description = "Of a drill: absolute path of a recovery kit on Nightshift's machine, which opens the"
                            + " backup in place of the project's keys")
            @Nullable
            String kit,

            @Schema(description = "With a kit: absolute path of the file with its passphrase in the first line")
            @Nullable
            String passphraseFile,

            @Schema(
                    description =
                            "Of a backup: kilobytes a second, 32 to 1048576, that it takes from each server at most, and"
                                    + " then each one's copies from what they read; no limit without it")
            @Nullable
            Integer rateLimitKilobytesPerSecond) {
        Scheduled scheduled(String field) {
            Work asked = Asked.word(field + ".work", work, Work.class);
            if (asked == null) {
                throw needed(field + ".work");
            }
            if (cron == null || cron.isBlank()) {
                throw needed(field + ".cron");
            }
            if (zone == null || zone.isBlank()) {
                throw needed(field + ".zone");
            }
            List<String> days = new ArrayList<>();
            for (String each : except == null ? List.<@Nullable String>of() : except) {
                days.add(Objects.requireNonNullElse(each, "")); // refused by its place, where the schedule is planned
            }
            return new Scheduled(
                    name == null || name.isBlank() ? asked.word() : name,
                    asked,
                    cron,
                    zone,
                    days,
                    said(from),
                    said(kit),
                    said(passphraseFile),
                    rateLimitKilobytesPerSecond);
        }

        private static @Nullable String said(@Nullable String text) {
            return text == null || text.isBlank() ? null : text;
        }

        private static Failure.Invalid needed(String field) {
            return new Failure.Invalid(field, "This field is needed.");
        }
    }

    private static List<String> named(@Nullable List<@Nullable String> stores) {
        List<String> names = new ArrayList<>();
        for (String each : stores == null ? List.<@Nullable String>of() : stores) {
            if (each == null) {
                throw new Failure.Invalid("stores[" + names.size() + "]", "The name of a store is expected.");
            }
            names.add(each);
        }
        return names;
    }

    private static List<Scheduled> scheduled(@Nullable List<@Nullable ScheduleView> schedules) {
        List<Scheduled> all = new ArrayList<>();
        for (ScheduleView each : schedules == null ? List.<@Nullable ScheduleView>of() : schedules) {
            String field = "schedules[" + all.size() + "]";
            if (each == null) {
                throw new Failure.Invalid(field, "What is to be done is expected, and when.");
            }
            all.add(each.scheduled(field));
        }
        return all;
    }
}
