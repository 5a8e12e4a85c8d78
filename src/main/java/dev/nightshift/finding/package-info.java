/**
 * What any feature has to report about a database, an instance, a backup or a run: how severe, on what evidence, and what
 * to do about it. Who listens (alerting) reads the outbox, so that no feature needs to know.
 */
@NullMarked
package dev.nightshift.finding;

import org.jspecify.annotations.NullMarked;
