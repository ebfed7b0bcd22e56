package io.faultline.bench;

import java.util.Map;

/**
 * What JMH measures, in a JVM that it starts for each target in each round: so the targets
 * alternate here too, and every round has luck of its own with what the compiler does. A fork warms
 * itself up, there is no round that does not count.
 *
 * @param benchmark a class with one benchmark, which takes the parameter {@code target}
 * @param threads how many run it; for the target {@link Targets#ALONE} always one
 * @param parameters its other parameters
 */
record Forks(Class<?> benchmark, int threads, Map<String, String> parameters) implements Work {}
