/* SPDX-License-Identifier: Apache-2.0 */
/* Files of a directory tree that someone else has filled. */
#ifndef HOTPROBE_BENEATH_H
#define HOTPROBE_BENEATH_H

/*
 * Opens a regular file to be read, by a path relative to the directory dir_fd. The file lies in
 * that directory's tree, wherever "..", symbolic links and those who move things about meanwhile
 * would lead. Returns a descriptor or a negative errno: -EXDEV if it leads out of the tree, -EINVAL
 * if it is no regular file, -ENOSYS before Linux 5.6.
 */
int beneath_open(int dir_fd, const char *path);

#endif
