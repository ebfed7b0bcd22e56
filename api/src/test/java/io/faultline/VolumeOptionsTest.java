package io.faultline;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import java.time.Duration;
import java.util.function.UnaryOperator;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** Goal: options say what they refuse, with figures, and sizes read as util-linux reads them. */
class VolumeOptionsTest {
  @ParameterizedTest
  @CsvSource({
    "0,0",
    "4096,4096",
    "7b,7",
    "1k,1024",
    "1K,1024",
    "2KiB,2048",
    "2KB,2000",
    "3m,3145728",
    "1GiB,1073741824",
    "1gb,1000000000",
    "1t,1099511627776",
    "' 5 ',5",
    "9223372036854775807,9223372036854775807"
  })
  void sizesAreRead(String text, long bytes) {
    assertThat(VolumeOptions.parseSizeBytes(text)).isEqualTo(bytes);
  }

  @ParameterizedTest
  @ValueSource(strings = {"", "k", "-1", "+1", "1.5m", "1x", "1kk", "1ib", "1kibb", "1 k", "0x10"})
  void otherThingsAreNoSizes(String text) {
    assertThatThrownBy(() -> VolumeOptions.parseSizeBytes(text))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining("\"" + text + "\" is no size");
  }

  @ParameterizedTest
  @ValueSource(strings = {"9223372036854775808", "8388608t", "9223372036854775807k"})
  void sizesBeyondALongAreRefused(String text) {
    assertThatThrownBy(() -> VolumeOptions.parseSizeBytes(text))
        .hasMessageContaining("more than 9223372036854775807 bytes");
  }

  @Test
  void eachWitherChangesItsValueAndNoOther() {
    VolumeOptions changed =
        VolumeOptions.defaults()
            .layout("EXT4")
            .size("64m")
            .cacheSize("2m")
            .readOnly(true)
            .guard("READS_UNDER_IO_LOCK")
            .commitInterval(Duration.ofMillis(7))
            .journal("akka.persistence.journal.inmem")
            .reuseFreedFirst(true);
    assertThat(changed.layout()).isEqualTo("ext4");
    assertThat(changed.sizeBytes()).isEqualTo(64L << 20);
    assertThat(changed.cacheSizeBytes()).isEqualTo(2L << 20);
    assertThat(changed.readOnly()).isTrue();
    assertThat(changed.guard()).isEqualTo("reads-under-io-lock");
    assertThat(changed.commitInterval()).isEqualTo(Duration.ofMillis(7));
    assertThat(changed.journal()).isEqualTo("akka.persistence.journal.inmem");
    assertThat(changed.reuseFreedFirst()).isTrue();
    assertThat(VolumeOptions.defaults().size("64m"))
        .isEqualTo(VolumeOptions.defaults().size(64 << 20));
    assertThat(VolumeOptions.defaults().readOnly()).isFalse();
    assertThat(VolumeOptions.defaults().guard()).isEqualTo("mapping-lock");
  }

  @Test
  void sizesAreWholeBlocks() {
    assertThat(VolumeOptions.defaults().size((1 << 20) + 4095).sizeBytes()).isEqualTo(1 << 20);
    assertThat(VolumeOptions.defaults().cacheSizeBytes() % 4096).isZero();
    assertThat(VolumeOptions.defaults().cacheSizeBytes()).isBetween(1L << 20, 256L << 20);
  }

  @Test
  void refusalsNameTheValueAndWhatIsAllowed() {
    refused(o -> o.size(4096), "size=4096: allowed are 1048576 to 17592186044416 bytes");
    refused(o -> o.size("17t"), "allowed are 1048576 to");
    refused(o -> o.cacheSize(0), "cacheSize=0: allowed are 1048576 to");
    refused(o -> o.cacheSize("1t"), "this process may use " + HostMemory.bytes() + " bytes");
    refused(o -> o.layout("fat"), "layout=fat: known are ext4");
    refused(o -> o.guard("luck"), "guard=luck: known are mapping-lock");
    refused(
        o -> o.commitInterval(Duration.ZERO), "commitInterval=PT0S: allowed are PT0.001S to PT5M");
    refused(o -> o.commitInterval(Duration.ofHours(1)), "commitInterval=PT1H");
    refused(o -> o.journal(" "), "a plugin id is a path");
    for (String keep : new String[] {"", "some", "days", "-1 days", "100001 days", "1 week"}) {
      refused(
          o -> o.keep(keep), "keep=" + keep + ": allowed are all, up to 100000 days, or a size");
    }
  }

  @ParameterizedTest
  @CsvSource({
    "all,all",
    "ALL,all",
    "30 days,30 days",
    "1day,1 days",
    "7d,7 days",
    "0 days,0 days",
    "0,0",
    "1g,1073741824"
  })
  void howMuchIsKeptIsRead(String text, String kept) {
    assertThat(VolumeOptions.defaults().keep(text).keep()).isEqualTo(kept);
  }

  @Test
  void oneGibibyteOfJournalIsKeptUnlessToldOtherwise() {
    assertThat(VolumeOptions.defaults().keep()).isEqualTo("1073741824");
  }

  private static void refused(UnaryOperator<VolumeOptions> change, String why) {
    assertThatThrownBy(() -> change.apply(VolumeOptions.defaults()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessageContaining(why);
  }
}
