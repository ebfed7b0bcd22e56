package io.faultline.soak.crash;

import io.faultline.engine.inode.FileKind;
import io.faultline.soak.model.ModelFilesystem;
import java.util.HashMap;
import java.util.Map;

/** A model filesystem that holds what was found on a volume. */
final class ModelImage {
  private ModelImage() {}

  static ModelFilesystem of(Found found) {
    ModelFilesystem model = new ModelFilesystem();
    Map<Long, String> first = new HashMap<>();
    for (Map.Entry<String, Found.Named> entry : found.names().entrySet()) {
      String path = entry.getKey();
      Found.Named named = entry.getValue();
      if (named.kind() == FileKind.DIRECTORY) {
        model.mkdir(path);
        continue;
      }
      String known = first.putIfAbsent(named.ino(), path);
      if (known != null) {
        model.link(known, path);
      } else {
        model.create(path);
        Found.Content content = found.contents().get(named.ino());
        if (content != null) {
          fill(model, path, Found.bytesOf(content));
        }
      }
    }
    return model;
  }

  private static void fill(ModelFilesystem model, String path, byte[] bytes) {
    model.truncate(path, bytes.length);
    for (int from = 0; from < bytes.length; ) {
      int to = from;
      while (to < bytes.length && bytes[to] == bytes[from]) {
        to++;
      }
      if (bytes[from] != 0) {
        model.write(path, from, to - from, bytes[from]);
      }
      from = to;
    }
  }
}
