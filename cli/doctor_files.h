/* SPDX-License-Identifier: Apache-2.0 */
/* File systems of the kernel's, mounted or not. */
#ifndef HOTPROBE_CLI_DOCTOR_FILES_H
#define HOTPROBE_CLI_DOCTOR_FILES_H

#include <stdbool.h>

struct file_system {
	const char *name;     /* its type, for mount(8) */
	unsigned magic;	      /* of statfs(2) */
	const char *paths[3]; /* where it is mounted, if it is; ended by NULL; the first is usual */
	bool only_mounted;    /* another instance would be of no use, or do something */
};

extern const struct file_system file_system_tracing, file_system_debug, file_system_bpf,
	file_system_security, file_system_cgroup2;

/* Its root directory: where it is mounted, else (unless only_mounted: -ENOENT) an instance that is
   mounted nowhere, which takes CAP_SYS_ADMIN and ends with the descriptor. *mounted (unless NULL)
   is the path, or NULL. Returns the descriptor or a negative errno. */
int open_file_system(const struct file_system *fs, const char **mounted);

#endif
