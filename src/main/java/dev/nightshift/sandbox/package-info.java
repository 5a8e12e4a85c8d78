/**
 * Scratch PostgreSQL instances that Nightshift starts, uses and throws away. What runs in one came out of a backup and
 * carries the source's code, settings and absolute paths, so it runs in namespaces of its own: it sees no file of the
 * host but programs and libraries, has no network, no secrets in its environment, limits on what it uses, and it ends
 * with the process that started it. The reasons are in docs/adr/0002-sandbox.md.
 */
@NullMarked
package dev.nightshift.sandbox;

import org.jspecify.annotations.NullMarked;
