/* SPDX-License-Identifier: Apache-2.0 */
/* Runs a helper program without the host noticing: no SIGCHLD, nothing for its waitpid(-1). */
#ifndef HOTPROBE_SPAWN_H
#define HOTPROBE_SPAWN_H

/* Runs path to its end, at most for timeout_ms, then kills it. fds[0..2] become its standard
   input, output and error; its environment is empty. Returns 0 and its status as of waitpid(2) in
   *status; -ETIMEDOUT; or the errno, negative, with which it could not be started. */
int spawn_run(const char *path, const int fds[3], int timeout_ms, int *status);

#endif
