package io.faultline;

/**
 * One name in a directory, readdir(3).
 *
 * @param name without a slash; never {@code .} or {@code ..}
 * @param ino the inode it leads to
 * @param kind what that inode is
 */
public record DirectoryEntry(String name, long ino, FileKind kind) {}
