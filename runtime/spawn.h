/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a helper program without the host noticing: no SIGCHLD, nothing for its waitpid(-1). */
#ifndef HOTPROBE_SPAWN_H
#define HOTPROBE_SPAWN_H

#include <sys/types.h>

/* fds[0..2] become the child's standard input, output and error; its environment is empty.
   Returns 0 and a pidfd in *pidfd, or the errno of clone or execve, negative. */
int spawn_helper(const char *path, const int fds[3], pid_t *pid, int *pidfd);

/* Waits until it has ended, at most timeout_ms, then kills it. Returns 0 and its status as of
   waitpid(2), or -ETIMEDOUT. It is reaped and pidfd closed in any case. */
int spawn_wait(int pidfd, int timeout_ms, int *status);

#endif
