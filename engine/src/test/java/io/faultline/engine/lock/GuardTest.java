package io.faultline.engine.lock;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import org.junit.jupiter.api.Test;

class GuardTest {
  @Test
  void everyGuardIsReadBackFromItsName() {
    for (Guard guard : Guard.values()) {
      assertThat(Guard.parse(guard.optionName())).isEqualTo(guard);
    }
    assertThat(Guard.parse("reads-under-io-lock")).isEqualTo(Guard.READS_UNDER_IO_LOCK);
  }

  @Test
  void anUnknownGuardIsAnsweredWithTheValidOnes() {
    for (String wrong : new String[] {"", "MAPPING_LOCK", "Mapping-lock", "mapping_lock", "off"}) {
      assertThatThrownBy(() -> Guard.parse(wrong))
          .isInstanceOf(IllegalArgumentException.class)
          .hasMessage(
              "unknown guard '%s': one of mapping-lock, reads-under-io-lock, none, range-lock",
              wrong);
    }
  }
}
