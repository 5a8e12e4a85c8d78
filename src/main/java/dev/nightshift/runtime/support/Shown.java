package dev.nightshift.runtime.support;

import jakarta.json.Json;
import jakarta.json.JsonObject;
import jakarta.json.JsonObjectBuilder;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/** Which settings a bundle tells by value: numbers, flags and words of our own. Of all others it tells that they are set. */
final class Shown {
    static final Set<String> VALUES = Set.of(
            "NIGHTSHIFT_HTTP",
            "NIGHTSHIFT_HTTP_PORT",
            "NIGHTSHIFT_HTTPS_PORT",
            "NIGHTSHIFT_DEMO",
            "NIGHTSHIFT_LOG_FORMAT",
            "NIGHTSHIFT_NODE_PARALLEL_RUNS",
            "NIGHTSHIFT_RUN_PARALLEL_TARGETS",
            "NIGHTSHIFT_RUN_LOSSES",
            "NIGHTSHIFT_REQUESTS_PER_MINUTE",
            "NIGHTSHIFT_LOCAL_LOGIN",
            "NIGHTSHIFT_PROOF_HOURS",
            "NIGHTSHIFT_PROOF_CPU_HOURS",
            "NIGHTSHIFT_PROOF_MEMORY_GIGABYTES",
            "NIGHTSHIFT_TARGET_CONNECT_TIMEOUT",
            "NIGHTSHIFT_TARGET_MAX_CONNECTIONS",
            "NIGHTSHIFT_TARGET_IDLE_TIMEOUT",
            "NIGHTSHIFT_TARGET_POOL_WAIT",
            "NIGHTSHIFT_TARGET_BREAKER_FAILURES",
            "NIGHTSHIFT_TARGET_BREAKER_REST",
            "NIGHTSHIFT_TARGET_ATTEMPTS",
            "NIGHTSHIFT_TARGET_BACKOFF",
            "NIGHTSHIFT_TARGET_BACKOFF_CAP");

    private Shown() {}

    /** Each of those and every other NIGHTSHIFT_ variable that is set: {@code {"set":true,"value":"8"}}. */
    static JsonObject settings(Map<String, String> environment) {
        Set<String> names = new TreeSet<>(VALUES);
        environment.keySet().stream()
                .filter(name -> name.startsWith("NIGHTSHIFT_"))
                .forEach(names::add);
        JsonObjectBuilder all = Json.createObjectBuilder();
        for (String name : names) {
            String value = environment.getOrDefault(name, "");
            JsonObjectBuilder setting = Json.createObjectBuilder().add("set", !value.isBlank());
            if (VALUES.contains(name) && !value.isBlank()) {
                setting.add("value", value);
            }
            all.add(name, setting);
        }
        return all.build();
    }
}
