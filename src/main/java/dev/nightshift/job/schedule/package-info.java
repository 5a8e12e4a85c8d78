/** When jobs run by themselves: cron expressions with a time zone, the schedules that carry them, and who fires them. */
@NullMarked
package dev.nightshift.job.schedule;

import org.jspecify.annotations.NullMarked;
