package io.faultline;

import java.lang.management.ManagementFactory;

/** How much memory this process may use. */
final class HostMemory {
  private HostMemory() {}

  /** Bytes: the machine's, or the container's limit where there is one. */
  static long bytes() {
    if (ManagementFactory.getOperatingSystemMXBean()
        instanceof com.sun.management.OperatingSystemMXBean host) {
      return host.getTotalMemorySize();
    }
    // Another vendor's JVM without that bean: by default its heap is a quarter of the memory.
    return Runtime.getRuntime().maxMemory();
  }
}
