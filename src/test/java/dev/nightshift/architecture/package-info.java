/** Holds the code against docs/architecture.puml and the rules that no compiler knows. */
@NullMarked
package dev.nightshift.architecture;

import org.jspecify.annotations.NullMarked;
