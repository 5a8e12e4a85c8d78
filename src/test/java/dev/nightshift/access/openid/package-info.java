@NullMarked
package dev.nightshift.access.openid;

import org.jspecify.annotations.NullMarked;
