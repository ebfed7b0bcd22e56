/**
 * Internal: the engine measured beside its peers. Figures are ratios within one run; what is
 * measured is checked, and only wrong data is a failure.
 */
@NullMarked
package io.faultline.bench;

import org.jspecify.annotations.NullMarked;
