/** <em>Internal.</em> The {@code faultline} command. Nothing depends on it. */
@NullMarked
package io.faultline.cli;

import org.jspecify.annotations.NullMarked;
