package io.faultline;

/**
 * A volume's figures at one moment, statfs(2) and more. Taken without stopping anybody: each figure
 * is exact, their sum need not be.
 *
 * @param volumeId identity given at creation, independent of the path
 * @param layout such as {@code ext4}
 * @param guard how fills are kept from destroyers, such as {@code mapping-lock}
 * @param readOnly opened so, or made so by an error
 * @param epoch how many times the volume has been opened, this time included
 * @param durableLsn newest transaction that a power cut can no longer take back
 * @param blocksTotal blocks of 4096 bytes that files can have
 * @param blocksFree blocks nobody has
 * @param blocksReserved blocks promised to writes that have not reached the device
 * @param blocksPending freed blocks that may not be used again before their transaction is durable
 * @param inodes inodes in use, the root included
 * @param cachePages pages of 4096 bytes the cache may hold
 * @param cachedPages pages it holds
 * @param dirtyPages pages that have to be written back
 */
public record VolumeStatus(
    String volumeId,
    String layout,
    String guard,
    boolean readOnly,
    long epoch,
    long durableLsn,
    long blocksTotal,
    long blocksFree,
    long blocksReserved,
    long blocksPending,
    long inodes,
    long cachePages,
    long cachedPages,
    long dirtyPages) {}
