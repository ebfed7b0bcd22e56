package io.faultline.engine.namespace;

import org.jspecify.annotations.Nullable;

/**
 * What {@link Namespace#setAttributes} shall change; null leaves a value as it is. Times are
 * nanoseconds since the epoch.
 *
 * @param mode permission bits, 07777
 */
public record AttributeChange(
    @Nullable Integer mode,
    @Nullable Integer uid,
    @Nullable Integer gid,
    @Nullable Long atimeNanos,
    @Nullable Long mtimeNanos) {

  /** Changes nothing but the time of the last change. */
  public static final AttributeChange NONE = new AttributeChange(null, null, null, null, null);

  public AttributeChange withMode(int bits) {
    return new AttributeChange(bits, uid, gid, atimeNanos, mtimeNanos);
  }

  public AttributeChange withOwner(int user, int group) {
    return new AttributeChange(mode, user, group, atimeNanos, mtimeNanos);
  }

  public AttributeChange withTimes(long atime, long mtime) {
    return new AttributeChange(mode, uid, gid, atime, mtime);
  }
}
