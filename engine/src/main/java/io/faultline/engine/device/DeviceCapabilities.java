package io.faultline.engine.device;

/**
 * What a device can do, for reports and for choosing a path; never needed for correctness.
 *
 * @param direct whether transfers bypass the host's page cache at the moment
 * @param discards whether a discard gives space back; where false it succeeds and does nothing
 * @param alignmentBytes device offsets and lengths must be multiples of this
 * @param description one phrase for people, for example {@code image /v/blocks.img (O_DIRECT)}
 */
public record DeviceCapabilities(
    boolean direct, boolean discards, int alignmentBytes, String description) {}
