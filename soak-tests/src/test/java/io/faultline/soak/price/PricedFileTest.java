package io.faultline.soak.price;

import static org.assertj.core.api.Assertions.assertThat;

import io.faultline.OpenFile;
import io.faultline.Volume;
import io.faultline.VolumeOptions;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Goal: no read of a price list that is wrong goes unnoticed, and none that is right is called
 * wrong. Method: a real file, between it and the reader a layer that lies in one way each.
 */
class PricedFileTest {
  private static final int PAGES = 8;

  @TempDir private Path directory;
  private final ByteBuffer buffer = PagePattern.buffer(1);
  private Volume volume;

  @BeforeEach
  void makeVolume() throws IOException {
    volume = Volume.create(directory.resolve("volume"), VolumeOptions.defaults().size("16m"));
  }

  @AfterEach
  void closeVolume() throws IOException {
    volume.close();
  }

  private PricedFile file(BrokenFile.Read read) throws IOException {
    OpenFile real =
        volume.open(
            "/f", StandardOpenOption.CREATE, StandardOpenOption.READ, StandardOpenOption.WRITE);
    return new PricedFile(BrokenFile.of(real, read), PAGES);
  }

  private String wrong(BrokenFile.Read read) throws IOException {
    try (PricedFile file = file(read)) {
      file.read(3, buffer);
      assertThat(file.wrong()).isEqualTo(1);
      return line(file);
    }
  }

  private static String line(PricedFile file) {
    return Objects.requireNonNull(file.firstWrong()).line();
  }

  @Test
  void dataHolesAndDataAgainAreRight() throws IOException {
    try (PricedFile file = file(OpenFile::read)) {
      ByteBuffer pages = PagePattern.buffer(PAGES);
      for (int round = 0; round < 3; round++) {
        for (int page = 0; page < PAGES; page++) {
          file.read(page, buffer);
        }
        file.punch(2, 3);
        file.read(3, buffer);
        file.punch(2, 3);
        file.read(3, buffer);
        file.write(0, PAGES, pages);
      }
      assertThat(file.wrong()).isZero();
      assertThat(file.firstWrong()).isNull();
    }
  }

  @Test
  void zerosWhereDataIsDueAreStale() throws IOException {
    String line =
        wrong(
            (real, target, position) -> {
              target.put(new byte[PagePattern.PAGE_BYTES]);
              return PagePattern.PAGE_BYTES;
            });
    assertThat(line)
        .startsWith("VIOLATION kind=stale-read ino=")
        .contains(" offset=12288 saw=zeros allowed=v1..v1 lsn=-");
  }

  @Test
  void dataWhereAHoleIsDueIsStale() throws IOException {
    byte[] before = new byte[PagePattern.PAGE_BYTES];
    boolean[] punched = new boolean[1];
    try (PricedFile file =
        file(
            (real, target, position) -> {
              int bytes = real.read(target, position);
              if (punched[0]) {
                target.put(0, before);
              } else {
                target.get(0, before);
              }
              return bytes;
            })) {
      file.read(3, buffer);
      file.punch(3, 1);
      punched[0] = true;
      file.read(3, buffer);
      assertThat(file.wrong()).isEqualTo(1);
      assertThat(line(file)).contains("saw=page3-v1 allowed=v2..v2");
    }
  }

  @Test
  void anotherPageIsForeign() throws IOException {
    assertThat(wrong((real, target, position) -> real.read(target, position + 4096)))
        .contains("kind=foreign-data")
        .contains("saw=page4-v1");
  }

  @Test
  void oneWrongByteIsCorrupt() throws IOException {
    for (int at : new int[] {8, 2048, 4095}) {
      assertThat(
              wrong(
                  (real, target, position) -> {
                    int bytes = real.read(target, position);
                    target.put(at, (byte) (target.get(at) + 1));
                    return bytes;
                  }))
          .contains("kind=corrupt");
    }
  }

  @Test
  void fewerBytesAreShort() throws IOException {
    assertThat(wrong((real, target, position) -> real.read(target.limit(100), position)))
        .contains("kind=short-read")
        .contains("saw=100-bytes");
  }
}
