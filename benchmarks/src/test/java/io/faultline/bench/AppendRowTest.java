package io.faultline.bench;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.VolumeOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Figures of a benchmark are worth nothing if the data is wrong. Goal: it would be noticed. Method:
 * a measured volume is opened again and read; then one record is taken away, and one changed.
 */
class AppendRowTest {
  @TempDir Path temp;

  @Test
  void whatIsMissingOrWrongIsFound() throws IOException {
    List<AppendRow> rows =
        List.of(new AppendRow("own", 2, false), new AppendRow("shared", 2, true));
    Path place = temp.resolve("volume");
    VolumeOptions options = VolumeOptions.defaults().size("1g").cacheSize("4m");
    try (Volume volume = Volume.create(place, options)) {
      for (AppendRow row : rows) {
        row.measureEngine(volume, 0, 20);
        row.measureHost(temp, 0, 20);
        assertThat(row.engine).hasSize(1);
        assertThat(row.host).hasSize(1);
      }
    }
    assertThat(Files.exists(temp.resolve("own.0.0"))).isFalse();
    try (Volume volume = Volume.open(place, options)) {
      for (AppendRow row : rows) {
        row.verify(volume);
        breakIt(volume, row.key + ".0.0");
        assertThatThrownBy(() -> row.verify(volume))
            .isInstanceOf(WrongDataException.class)
            .hasMessageContaining("file=" + row.key + ".0.0 offset=0");
        cut(volume, row.key + ".0.0");
        assertThatThrownBy(() -> row.verify(volume))
            .isInstanceOf(WrongDataException.class)
            .hasMessageContaining("which were synced");
      }
    }
  }

  private static void breakIt(Volume volume, String name) throws IOException {
    try (OpenFile file = volume.open("/" + name, StandardOpenOption.WRITE)) {
      assertThat(file.size()).isPositive();
      file.write(ByteBuffer.wrap(new byte[] {99}), 100);
    }
  }

  private static void cut(Volume volume, String name) throws IOException {
    try (OpenFile file = volume.open("/" + name, StandardOpenOption.WRITE)) {
      file.truncate(0);
    }
  }
}
