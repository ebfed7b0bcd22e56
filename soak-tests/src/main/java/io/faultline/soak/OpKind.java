package io.faultline.soak;

/** What a soak does and counts, by the key of the count in its JSON. */
enum OpKind {
  READ(1, "read"),
  WRITE(2, "write"),
  APPEND(3, "append"),
  EXTEND(4, "extend"),
  TRUNCATE_DOWN(5, "truncateDown"),
  TRUNCATE_UP(6, "truncateUp"),
  PUNCH(7, "punch"),
  ZERO_RANGE(8, "zeroRange"),
  ALLOCATE(9, "allocate"),
  FAULT_LOAD(10, "faultLoad"),
  FAULT_STORE(11, "faultStore"),
  READAHEAD(12, "readahead"),
  ADVISE(13, "advise"),
  SYNC(14, "sync"),
  DROP_CACHES(15, "dropCaches"),
  NAME(16, "names"),
  IMPORTED_READ(17, "importedRead");

  private final int code;
  private final String key;

  OpKind(int code, String key) {
    this.code = code;
    this.key = key;
  }

  /** Its number in traces. */
  int code() {
    return code;
  }

  static OpKind ofCode(int code) {
    for (OpKind kind : values()) {
      if (kind.code == code) {
        return kind;
      }
    }
    throw new IllegalArgumentException("no kind has the number " + code);
  }

  String key() {
    return key;
  }
}
