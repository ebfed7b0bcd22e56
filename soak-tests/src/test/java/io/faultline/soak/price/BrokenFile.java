package io.faultline.soak.price;

import io.faultline.OpenFile;
import java.io.IOException;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;

/** A file of which the reads are wrong on purpose; everything else goes through. */
final class BrokenFile {
  /** A read in place of the file's own. */
  @FunctionalInterface
  interface Read {
    int read(OpenFile file, ByteBuffer target, long position) throws IOException;
  }

  private BrokenFile() {}

  static OpenFile of(OpenFile file, Read read) {
    return (OpenFile)
        Proxy.newProxyInstance(
            OpenFile.class.getClassLoader(),
            new Class<?>[] {OpenFile.class},
            (proxy, method, arguments) -> {
              if (method.getName().equals("read")) {
                return read.read(file, (ByteBuffer) arguments[0], (Long) arguments[1]);
              }
              try {
                return method.invoke(file, arguments);
              } catch (InvocationTargetException thrown) {
                throw thrown.getCause();
              }
            });
  }

  /** Keeps the first version of the page at 0 and shows it for ever: a fill that nobody evicts. */
  static OpenFile stale(OpenFile file) {
    byte[] kept = new byte[PagePattern.PAGE_BYTES];
    return of(
        file,
        (real, target, position) -> {
          int bytes = real.read(target, position);
          if (position == 0) {
            synchronized (kept) {
              if (kept[0] == 0 && kept[4] == 0) {
                target.get(0, kept);
              }
              target.put(0, kept);
            }
          }
          return bytes;
        });
  }
}
