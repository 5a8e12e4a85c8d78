package dev.nightshift.backup;

import dev.nightshift.backup.expiry.KeepRule;
import dev.nightshift.backup.policy.Policy;
import jakarta.json.Json;
import jakarta.json.JsonObject;

/**
 * By which rule a run expires a server's backups, whatever becomes of the policy meanwhile: what it said that it would do is
 * what a later attempt of it does.
 *
 * @param policy whose rule it is; empty where the run's parameters say it
 */
record PinnedRule(String policy, KeepRule rule) {
    static PinnedRule of(Policy policy) {
        return new PinnedRule(policy.name().value(), policy.keep());
    }

    static PinnedRule of(JsonObject checkpoint) {
        return new PinnedRule(
                checkpoint.getString("policy"),
                new KeepRule(
                        checkpoint.getInt("days"),
                        checkpoint.getInt("count"),
                        checkpoint.getInt("daily"),
                        checkpoint.getInt("weekly"),
                        checkpoint.getInt("monthly"),
                        checkpoint.getInt("yearly")));
    }

    /** For the run's checkpoint. */
    JsonObject json() {
        return Json.createObjectBuilder()
                .add("policy", policy)
                .add("days", rule.days())
                .add("count", rule.count())
                .add("daily", rule.daily())
                .add("weekly", rule.weekly())
                .add("monthly", rule.monthly())
                .add("yearly", rule.yearly())
                .build();
    }
}
