package io.faultline.soak;

/**
 * What a journal gives when it is replayed from its beginning.
 *
 * @param image the state at its end
 * @param inodes inodes in that state, those without a name included
 * @param transactions how many there were
 * @param mappingChanges events that removed mapped blocks
 */
record Replayed(VolumeImage image, long inodes, long transactions, long mappingChanges) {}
