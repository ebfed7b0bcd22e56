/** What users of Faultline import: volumes, open files and their errors. */
@NullMarked
package io.faultline;

import org.jspecify.annotations.NullMarked;
