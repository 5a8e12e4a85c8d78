package dev.nightshift.job;

import java.lang.management.ManagementFactory;
import org.jspecify.annotations.Nullable;

/**
 * How a node is.
 *
 * @param systemLoad of its machine over the last minute, in processes that want a processor; null where the system does not say
 * @param heapUsed bytes
 * @param heapMax bytes
 */
record Vitals(@Nullable Double systemLoad, long heapUsed, long heapMax) {
    static Vitals now() {
        double load = ManagementFactory.getOperatingSystemMXBean().getSystemLoadAverage();
        var heap = ManagementFactory.getMemoryMXBean().getHeapMemoryUsage();
        return new Vitals(load < 0 ? null : load, heap.getUsed(), heap.getMax());
    }
}
