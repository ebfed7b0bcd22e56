package io.faultline.engine.namespace;

import io.faultline.engine.inode.FileKind;

/**
 * One name in a directory, as readdir(3) tells it.
 *
 * @param name without its path
 */
public record Entry(String name, long ino, FileKind kind) {}
