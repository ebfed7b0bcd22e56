package io.faultline.engine.namespace;

/** The flags of renameat2(2). */
public enum RenameFlag {
  /** Fail with EEXIST when the target exists. */
  NOREPLACE,
  /** Swap both names. Not offered: EINVAL, which renameat2 answers where a layout lacks it. */
  EXCHANGE
}
