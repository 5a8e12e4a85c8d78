/** Who did what, when and from where: written in the transaction of the deed, so neither exists without the other. */
@NullMarked
package dev.nightshift.audit;

import org.jspecify.annotations.NullMarked;
